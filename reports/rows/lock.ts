/** One writer a folder. The lock names its process, so that what a crash leaves behind does not hold up the next run. */
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { visible } from "../text.js";
import { StoreError } from "./errors.js";
import { kindOf } from "./folder.js";

const LOCK = ".lock";
const DAY_MS = 86_400_000;

const holderSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  /** Start of the process as the kernel counts it: a later process with the same id has another one. */
  started: z.string().nullable(),
  /** What the process runs, and since when; absent in locks of versions before 0.2. */
  program: z.string().optional(),
  sinceUtc: z.string().optional(),
});
type Holder = z.infer<typeof holderSchema>;

/** @throws StoreError when a living process holds it @returns what unlocks it */
export function lockFolder(folder: string): () => void {
  const file = join(folder, LOCK);
  const self: Holder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    program: process.argv[1] ?? process.execPath,
    sinceUtc: new Date().toISOString(),
  };
  const own = `${file}-${process.pid}`;
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      rmSync(own, { force: true });
      writeFileSync(own, JSON.stringify(self), { flag: "wx" });
      if (appears(own, file)) return () => rmSync(file, { force: true });
      const text = readLock(file);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (holder && mayLive(holder)) throw new StoreError(inUse(folder, file, holder));
      // moved aside, then looked at again: another process may have replaced the stale lock by its own in between
      renameSync(file, own);
      if (readLock(own) !== text) appears(own, file);
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new StoreError(`${folder} is being taken by another process; choose another folder with --out`);
}

/** Whose it is, and the way out that fits: a process of this host can be waited for, one of another cannot be asked. */
function inUse(folder: string, file: string, { pid, host, program, sinceUtc }: Holder): string {
  const since =
    Date.parse(sinceUtc ?? "") || lstatSync(file, { throwIfNoEntry: false })?.mtimeMs || Date.now();
  const what = program === undefined ? "" : ` (${visible(program).slice(0, 200)})`;
  const who = `process ${pid} on host ${visible(host).slice(0, 100)}${what} since ${new Date(since).toISOString()}`;
  const taken = `${folder} is in use by ${who}, says ${file};`;
  if (host === hostname())
    return `${taken} wait for it, or choose another folder with --out; if that is no run, remove ${file}`;
  const days = Math.floor((Date.now() - since) / DAY_MS);
  return days >= 1
    ? `${taken} it is ${days === 1 ? "a day" : `${days} days`} old, so probably stale: remove ${file}, then type this again`
    : `${taken} choose another folder with --out; if that process is gone, remove ${file}`;
}

/** A lock is never half-written: it appears whole, under its name, or not at all. */
function appears(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!NO_LINKS.includes(code ?? "")) throw error;
  }
  // a file system without links, e.g. of a memory card: the next best is a file that only one process can make
  try {
    writeFileSync(file, readFileSync(own), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

const NO_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"];

/** Undefined when it has gone in the meantime. @throws StoreError when something else stands there */
function readLock(file: string): string | undefined {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (!there) return undefined;
  if (!there.isFile()) throw new StoreError(`${file} is ${kindOf(there)} and no lock; remove it`);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Undefined for what no run has written: it holds nobody up. */
function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function mayLive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Field 22 of /proc/PID/stat; null where there is no such file. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
