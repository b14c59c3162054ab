/** One writer a folder. The lock names its process, so that what a crash leaves behind does not hold up the next run. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { StoreError } from "./errors.js";

const LOCK = ".lock";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Start of the process as the kernel counts it: a later process with the same id has another one. */
  readonly started: string | null;
}

/** @returns what unlocks it. @throws StoreError when a living process holds it */
export function lockFolder(folder: string): () => void {
  const file = join(folder, LOCK);
  const self: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const own = `${file}-${process.pid}`;
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      writeFileSync(own, JSON.stringify(self));
      if (appears(own, file)) return () => rmSync(file, { force: true });
      const holder = readLock(file);
      if (holder === undefined) continue;
      if (mayLive(holder))
        throw new StoreError(
          `${folder} is in use by process ${(JSON.parse(holder) as Holder).pid}; wait for it, or choose another folder with --out`,
        );
      // moved aside, then looked at again: another process may have replaced the stale lock by its own in between
      renameSync(file, own);
      if (readLock(own) !== holder) appears(own, file);
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new StoreError(`${folder} is being taken by another process; choose another folder with --out`);
}

/** A lock is never half-written: it appears whole, under its name, or not at all. */
function appears(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when it has gone in the meantime. */
function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function mayLive(holder: string): boolean {
  let parsed: Holder;
  try {
    parsed = JSON.parse(holder) as Holder;
  } catch {
    return false;
  }
  const { pid, host, started } = parsed;
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
