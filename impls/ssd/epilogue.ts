/** What follows the sequence map in every form on the host: the skip D x and the gate silu(z). */
import type { Inputs, Problem } from "../operator.js";
import type { Ssd } from "./operator.js";

/**
 * @param Y (batch, length, heads, headDim), changed in place: y <- (y + D x) silu(z), with the raw x (not times dt), the gate last
 * @returns a function that does it, or nothing when the problem has neither D nor z
 */
export function epilogue(
  problem: Problem<Ssd>,
  inputs: Pick<Inputs<Ssd>, "X" | "D" | "z">,
  Y: Float32Array,
): () => void {
  const { X, D, z } = inputs;
  if (!D && !z) return () => {};
  const { heads, headDim } = problem.dims;
  const perHead = problem.inputs.D?.axes.length === 1;
  const width = heads * headDim;
  return () => {
    for (let i = 0; i < Y.length; i++) {
      const channel = i % width;
      let y = Y[i];
      if (D) y += D[perHead ? Math.floor(channel / headDim) : channel] * X[i];
      if (z) y *= z[i] / (1 + Math.exp(-z[i]));
      Y[i] = y;
    }
  };
}
