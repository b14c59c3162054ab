/** Machine code kept between runs, in the user's own cache folder: compiling a kernel takes a second, reading one nothing. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Compiler } from "./nvrtc.js";

export interface Cubin {
  readonly image: Uint8Array;
  /** Of source, options, architecture and compiler: another hash is another kernel. */
  readonly hash: string;
}

/** `$XDG_CACHE_HOME/dualbench/cubins`, else under `~/.cache`. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dualbench", "cubins");
}

/** @param options without the architecture, which is e.g. sm_90a */
export function cubinOf(
  compiler: Compiler,
  program: { name: string; source: string; options: readonly string[]; architecture: string },
  folder: string = cacheFolder(),
): Cubin {
  const { name, source, architecture } = program;
  const options = [...program.options, `--gpu-architecture=${architecture}`];
  const hash = createHash("sha256")
    .update([compiler.version, ...options, source].join("\0"))
    .digest("hex")
    .slice(0, 16);
  const file = join(folder, `${hash}.cubin`);
  const known = read(folder, file);
  if (known) return { image: known, hash };
  const { cubin } = compiler.compile(name, source, options);
  write(folder, file, cubin);
  return { image: cubin, hash };
}

/** Whether only this user can write to the folder: what lies there runs on the device. */
function isPrivate(folder: string): boolean {
  const { mode, uid } = statSync(folder);
  return (mode & 0o077) === 0 && (!process.getuid || uid === process.getuid());
}

function read(folder: string, file: string): Uint8Array | undefined {
  try {
    if (!isPrivate(folder)) return undefined;
    const image = readFileSync(file);
    return image.length > 0 ? image : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a second process never reads half a file. Where it may not be written, every process compiles again. */
function write(folder: string, file: string, cubin: Uint8Array): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isPrivate(folder)) return;
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, cubin, { mode: 0o600 });
    renameSync(aside, file);
  } catch {
    // a folder that nobody may write to
  }
}
