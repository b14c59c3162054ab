/** Machine code kept between runs, in the user's own cache folder: compiling a kernel takes a second, reading one nothing. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder, readPrivate, writePrivate } from "../../libraries/private-cache.js";
import type { Compiler } from "./nvrtc.js";

export interface Cubin {
  readonly image: Uint8Array;
  /** Of source, options, architecture and compiler: another hash is another kernel. */
  readonly hash: string;
}

interface Source {
  readonly name: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly architecture: string;
}

/** Of a source that may include what nobody here reads: named by the machine code itself. */
export function compiledAnew(compiler: Compiler, { name, source, options, architecture }: Source): Cubin {
  const { cubin } = compiler.compile(name, source, [...options, `--gpu-architecture=${architecture}`]);
  return { image: cubin, hash: createHash("sha256").update(cubin).digest("hex").slice(0, 16) };
}

/** @param options without the architecture, which is e.g. sm_90a */
export function cubinOf(compiler: Compiler, program: Source, folder: string = cacheFolder("cubins")): Cubin {
  const { name, source, architecture } = program;
  const options = [...program.options, `--gpu-architecture=${architecture}`];
  const hash = createHash("sha256")
    .update([compiler.version, ...options, source].join("\0"))
    .digest("hex")
    .slice(0, 16);
  const file = join(folder, `${hash}.cubin`);
  const known = readPrivate(file);
  if (known) return { image: known, hash };
  const { cubin } = compiler.compile(name, source, options);
  writePrivate(file, cubin);
  return { image: cubin, hash };
}
