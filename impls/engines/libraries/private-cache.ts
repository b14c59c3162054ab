/** Machine code kept between runs in the user's own cache folder. What lies there will run, so nobody else may write to it. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** `$XDG_CACHE_HOME/dualbench/<kind>`, else under `~/.cache`. */
export function cacheFolder(kind: string): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dualbench", kind);
}

/** Whether only this user can write to the folder. */
export function isPrivate(folder: string): boolean {
  const { mode, uid } = statSync(folder);
  return (mode & 0o077) === 0 && (!process.getuid || uid === process.getuid());
}

/** Makes the folder where it is missing. @returns whether it is there and only this user can write to it */
export function openPrivate(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivate(folder);
  } catch {
    return false;
  }
}

export function readPrivate(file: string): Uint8Array | undefined {
  try {
    if (!isPrivate(dirname(file))) return undefined;
    const image = readFileSync(file);
    return image.length > 0 ? image : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a second process never reads half a file. Where it may not be written, every process compiles again. */
export function writePrivate(file: string, image: Uint8Array): void {
  try {
    if (!openPrivate(dirname(file))) return;
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, image, { mode: 0o600 });
    renameSync(aside, file);
  } catch {
    // a folder that nobody may write to
  }
}
