import type { Kernel } from "../device/device.js";
import { dispatch } from "../device/kernel.js";

/** What a run records into: one compute pass that the engine opened. */
export interface Launch {
  dispatch(kernel: Kernel): void;
}

export function launchIn(pass: GPUComputePassEncoder): Launch {
  return { dispatch: (kernel) => dispatch(pass, kernel) };
}
