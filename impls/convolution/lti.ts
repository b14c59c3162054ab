/** Kernels of linear time-invariant state space models: a convolution that is also a recurrence (paper, section 2.1). */
import { givenProblem, inputReader, type Problem, type RandomProblemOptions } from "../operator.js";
import { type Convolution, convolution } from "./operator.js";

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

/** Why poles, weights and K contradict each other, or undefined: K is compared at its first two and its last tap. */
export function contradiction(problem: Problem): string | undefined {
  const [K, poles, weights] = ["K", "poles", "weights"].map((name) =>
    inputReader(convolution, problem, name),
  );
  if (!poles && !weights) return undefined;
  if (!poles || !weights) return `poles and weights come together, got ${poles ? "poles" : "weights"} alone`;
  const { length, heads, headDim } = problem.dims;
  // small taps lie on the grid of denormals
  const grid = problem.dtype === "f16" ? 2 ** -24 : 1e-30;
  for (let c = 0; c < heads * headDim; c++) {
    for (const j of new Set([0, Math.min(1, length - 1), length - 1])) {
      let value = 0;
      let scale = 0;
      for (let n = 0; n < headDim; n++) {
        const pole = poles.at(0, c * headDim + n);
        if (!(Math.abs(pole) <= 1)) return `poles must lie in [-1, 1], got ${pole}`;
        const term = weights.at(0, c * headDim + n) * pole ** j;
        value += term;
        scale += Math.abs(term);
      }
      const got = K!.at(0, c * length + j);
      if (!(Math.abs(got - value) <= 2 ** -7 * scale + grid))
        return `K must be the kernel of poles and weights (make it by ltiProblem), got K=${got} instead of ${value} in channel ${c} at ${j}`;
    }
  }
  return undefined;
}
