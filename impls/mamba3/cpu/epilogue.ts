/** The skip D v and the gate silu(z) of mamba3 on the host, and how often its forms store a result. */
import type { Inputs, Problem } from "../../operator.js";
import { skipAndGate } from "../../recurrence/epilogue.js";
import type { Mamba3 } from "../operator.js";

export function epilogue(
  { dims }: Problem<Mamba3>,
  { V, D, z }: Inputs<Mamba3>,
  Y: Float32Array,
): () => void {
  return skipAndGate(dims.heads * dims.headDim, dims.headDim, V, D, z, Y);
}

/** As float32: the map itself, then the skip, then the gate. */
export function storedRoundings({ inputs: { D, z } }: Problem<Mamba3>): number {
  return 1 + (D ? 1 : 0) + (z ? 1 : 0);
}
