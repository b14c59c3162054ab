import type { Kernel } from "../device/device.js";

/** What a run records into: one compute pass that the engine opened. */
export interface Lane {
  dispatch(kernel: Kernel): void;
}

export function laneOf(pass: GPUComputePassEncoder): Lane {
  return {
    dispatch({ pipeline, bindGroup, groups }) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
    },
  };
}
