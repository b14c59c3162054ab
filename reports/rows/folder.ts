/** Folders that are made for results, and files that are written into them: nothing is made or replaced that was not meant. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { reasonOf, StoreError } from "./errors.js";

/**
 * Makes a folder and those above it that are missing, one after the other: on some virtual file systems Node's recursive mkdir
 * never returns.
 * @returns those that were made, outermost first. @throws an error of the operating system
 */
export function makeFolder(folder: string): string[] {
  const missing: string[] = [];
  let nearest = resolve(folder);
  for (; !existsSync(nearest) && nearest !== dirname(nearest); nearest = dirname(nearest))
    missing.unshift(nearest);
  if (!statSync(nearest).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  const made: string[] = [];
  for (const one of missing) {
    try {
      mkdirSync(one);
      made.push(one);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // another process may have made it in between; a link that leads nowhere is in the way as well
      if (code === "EEXIST" && existsSync(one)) continue;
      removeFolders(made);
      throw isMissing(error) ? unmakeable() : error;
    }
  }
  return made;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** What a file system means that finds nothing where a new thing should come to be. */
function unmakeable(): Error {
  return Object.assign(new Error("nothing can be made there"), { code: "ENOMKDIR" });
}

/** As far as nobody else has put something into them. */
function removeFolders(made: readonly string[]): void {
  try {
    for (const one of made.toReversed()) rmdirSync(one);
  } catch {
    // another process uses it by now
  }
}

/** Whether a folder can be made and written into: tried, and taken back. @throws an error of the operating system */
export function tryFolder(folder: string): void {
  const made = makeFolder(folder);
  try {
    const file = join(folder, `.dualbench-${randomBytes(6).toString("hex")}`);
    closeSync(openSync(file, "wx"));
    rmSync(file);
  } catch (error) {
    throw isMissing(error) ? unmakeable() : error;
  } finally {
    removeFolders(made);
  }
}

/**
 * Writes a file of a results folder, whole or not at all. What stands there under its name is replaced only if it is a plain file:
 * a received folder may hold a link to somewhere else.
 * @throws StoreError
 */
export function writeInto(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile())
      throw new StoreError(
        `${path} is ${kindOf(there)}, which is never replaced; remove it, or choose another folder with --out`,
      );
    writeAside(path, content);
    return path;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`cannot write ${path}: ${reasonOf(error)}; choose another folder with --out`);
  }
}

/** Writes a file that a person named. A link is followed, a pipe or a device is written to: neither is replaced. @throws StoreError */
export function writeNamed(file: string, content: string): void {
  try {
    writeThrough(file, content);
  } catch (error) {
    throw new StoreError(`cannot write ${file}: ${reasonOf(error)}`);
  }
}

function writeThrough(file: string, content: string): void {
  const there = statSync(file, { throwIfNoEntry: false });
  const leadsNowhere = !there && lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  if (leadsNowhere || (there && !there.isFile())) writeFileSync(file, content);
  else writeAside(there ? realpathSync(file) : file, content);
}

/** Aside and renamed: a reader never sees half of it. The name aside is new, so that nothing else is written through it. */
function writeAside(path: string, content: string | Uint8Array): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(aside, content, { flag: "wx" });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

/** The bytes of a plain file: a pipe would keep its reader waiting, a device might never end. @throws an Error with a reason */
export function readPlain(file: string): Buffer {
  const there = statSync(file);
  if (!there.isFile()) throw new Error(`it is ${kindOf(there)}, not a file`);
  return readFileSync(file);
}

/** What stands at a path, in words. */
export function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a symbolic link";
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}
