/** Kernels of linear time-invariant state space models: a convolution that is also a recurrence (paper, section 2.1). */
import { givenProblem, type Problem, type RandomProblemOptions } from "../../operator.js";
import { type Convolution, convolution } from "../operator.js";

export interface LtiOptions extends Pick<RandomProblemOptions<Convolution>, "dims" | "dtype" | "seed"> {
  /** (batch length heads headDim) */
  readonly u: ArrayLike<number>;
  /** (heads headDim headDim), each in [-1, 1]; a mode with weight 0 is absent. */
  readonly poles: ArrayLike<number>;
  /** (heads headDim headDim): C_n B_n of each mode. */
  readonly weights: ArrayLike<number>;
}

/** A convolution whose kernel is K_j = sum_n weights_n poles_n^j, from f32 poles and weights; both forms can run it. */
export function ltiProblem({
  dims,
  dtype = "f32",
  seed = 0,
  u,
  poles,
  weights,
}: LtiOptions): Problem<Convolution> {
  const K = ltiKernel(Float32Array.from(poles), Float32Array.from(weights), dims);
  return givenProblem(convolution, { dims, dtype, seed, inputs: { u, K, poles, weights } });
}

function ltiKernel(
  poles: ArrayLike<number>,
  weights: ArrayLike<number>,
  { length, heads, headDim }: Problem<Convolution>["dims"],
): Float64Array {
  const K = new Float64Array(heads * headDim * length);
  for (let c = 0; c < heads * headDim; c++) {
    for (let n = 0; n < headDim; n++) {
      const pole = poles[c * headDim + n];
      let term = weights[c * headDim + n];
      for (let j = 0; j < length && term !== 0; j++, term *= pole) K[c * length + j] += term;
    }
  }
  return K;
}
