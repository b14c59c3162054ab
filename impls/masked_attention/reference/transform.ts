/**
 * What a Toeplitz mask applied by Fourier transforms errs: normwise, along all tokens of each (n, e) of Z = K V^T (README.md, "The bound").
 */
import type { AnyOperator, Problem } from "../../operator.js";
import { inputReader } from "../../operator.js";
import type { Reader } from "../../tensor.js";

/** ||m||_2 ||Z_(n, e)||_2 at [n * headDimV + e], and the levels of a transform of twice the length. */
export interface TransformErrors {
  readonly norms: Float64Array;
  readonly levels: number;
}

/** Undefined where the mask is no Toeplitz matrix. The last head's is kept: lanes come in the order of tokens, then heads. */
export function transformErrors(
  operator: AnyOperator,
  problem: Problem,
): ((batch: number, head: number) => TransformErrors) | undefined {
  if (!problem.inputs.m || problem.inputs.logA) return undefined;
  const known = new Map<string, TransformErrors>();
  return (batch, head) => {
    const key = `${batch} ${head}`;
    const errors = known.get(key) ?? errorsOf(operator, problem, batch, head);
    known.set(key, errors);
    return errors;
  };
}

function errorsOf(operator: AnyOperator, problem: Problem, batch: number, head: number): TransformErrors {
  const { length, headDim, headDimV } = problem.dims;
  const [K, V, m] = ["K", "V", "m"].map((name) => inputReader(operator, problem, name)!);
  const logGamma = inputReader(operator, problem, "logGamma")?.at(0, head);
  const squares = new Float64Array(headDim * headDimV);
  let mask = 0;
  for (let t = 0; t < length; t++) {
    // gamma = 0 has no logarithm to multiply by 0
    const power = logGamma === undefined || t === 0 ? 1 : Math.exp(t * logGamma);
    mask += (m.at(0, head * length + t) * power) ** 2;
    for (let n = 0, i = 0; n < headDim; n++) {
      const k = K.at(batch * length + t, head * headDim + n) ** 2;
      for (let e = 0; e < headDimV; e++, i++)
        squares[i] += k * V.at(batch * length + t, head * headDimV + e) ** 2;
    }
  }
  const norms = squares.map((sum) => Math.sqrt(mask * sum));
  return { norms, levels: Math.ceil(Math.log2(2 * length)) };
}

/** y = sum over n of q_n H_n: each H_n errs by 20 L u of its norms, or by a walk of L steps of one u each (convolution/README.md). */
export function addTransform(
  Y: { readonly transformed: Float64Array; readonly transformedSquares: Float64Array },
  { norms, levels }: TransformErrors,
  Q: Reader,
  row: number,
  head: number,
): void {
  const channels = Y.transformed.length;
  const headDim = norms.length / channels;
  for (let n = 0, i = 0; n < headDim; n++) {
    const q = Math.abs(Q.at(row, head * headDim + n));
    for (let e = 0; e < channels; e++, i++) {
      Y.transformed[e] += 20 * levels * q * norms[i];
      Y.transformedSquares[e] += levels * (q * norms[i]) ** 2;
    }
  }
}
