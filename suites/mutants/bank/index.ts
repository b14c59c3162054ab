/** The bank of planted bugs in real source files, by the kind of file. */
import { blocksBackward } from "./blocks-backward.js";
import { blocksOnCpu } from "./blocks-on-cpu.js";
import { cpu } from "./cpu.js";
import { cuda } from "./cuda.js";
import { cudaWalks } from "./cuda-walks.js";
import { distributed } from "./distributed.js";
import { mamba3 } from "./mamba3.js";
import { native } from "./native.js";
import { nonFinite } from "./non-finite.js";
import { passes } from "./passes.js";
import type { Patch } from "./patch.js";
import { ssdOnCpu } from "./ssd-on-cpu.js";
import { wasm } from "./wasm.js";
import { webgpu } from "./webgpu.js";

export const patches: readonly Patch[] = [
  ...cuda,
  ...cudaWalks,
  ...webgpu,
  ...native,
  ...wasm,
  ...ssdOnCpu,
  ...cpu,
  ...blocksOnCpu,
  ...blocksBackward,
  ...passes,
  ...nonFinite,
  ...mamba3,
  ...distributed,
];
