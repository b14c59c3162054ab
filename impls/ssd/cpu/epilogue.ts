/** The skip D x and the gate silu(z) of ssd on the host. */

import type { Inputs, Problem } from "../../operator.js";
import { skipAndGate } from "../../recurrence/epilogue.js";
import type { Ssd } from "../operator.js";

/**
 * @param Y (batch, length, heads, headDim), changed in place: y <- (y + D x) silu(z), with the raw x (not times dt), the gate last
 * @returns a function that does it, or nothing when the problem has neither D nor z
 */
export function epilogue(
  problem: Problem<Ssd>,
  { X, D, z }: Pick<Inputs<Ssd>, "X" | "D" | "z">,
  Y: Float32Array,
): () => void {
  const { heads, headDim } = problem.dims;
  const shared = problem.inputs.D?.axes.length === 1 ? headDim : 1;
  return skipAndGate(heads * headDim, shared, X, D, z, Y);
}

/** How often a form of the cpu engine stores an output as float32: the map itself, then the skip, then the gate. */
export function storedRoundings({ inputs: { D, z } }: Problem<Ssd>): number {
  return 1 + (D ? 1 : 0) + (z ? 1 : 0);
}
