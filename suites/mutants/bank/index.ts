/** The bank of planted bugs in real source files, by the kind of file. */
import { cpu } from "./cpu.js";
import { cuda } from "./cuda.js";
import { cudaWalks } from "./cuda-walks.js";
import { native } from "./native.js";
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
  ...passes,
];
