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

/** @param options without the architecture, which is e.g. sm_90a */
export function cubinOf(
  compiler: Compiler,
  program: { name: string; source: string; options: readonly string[]; architecture: string },
  folder: string = cacheFolder("cubins"),
): Cubin {
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
