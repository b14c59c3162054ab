/** The norm in front of a block that is a layer of a model, on the host. */
import type { CpuEngine } from "../../engines/cpu.js";
import { fusedCpu } from "../../rms_norm_gated/fused.cpu.js";
import { stageOf } from "./stage.js";

export interface HostFront {
  /** What the block works on: (batch, length, modelDim). */
  readonly v: Float32Array;
  /** What is added to its output, if anything. */
  readonly residual: Float32Array | undefined;
  run(): void;
}

export async function hostFront(
  engine: CpuEngine,
  dims: { readonly batch: number; readonly length: number; readonly modelDim: number },
  u: Float32Array,
  preNorm: Float32Array | undefined,
  eps: number,
): Promise<HostFront> {
  if (!preNorm) return { v: u, residual: undefined, run: () => {} };
  const { batch, length, modelDim } = dims;
  const v = new Float32Array(u.length);
  const run = await stageOf(engine, fusedCpu, {
    dims: { batch, length, heads: 1, groups: 1, headDim: modelDim },
    settings: { eps },
    inputs: { X: u, weight: preNorm },
    outputs: { Y: v },
  });
  return { v, residual: u, run };
}
