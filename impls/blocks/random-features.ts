/**
 * The fixed matrix of positive random features (Performer, arXiv 2009.14794, lemma 1): psi(v)_i = exp(w_i . x - |x|^2 / 2) / sqrt(m),
 * w_i of independent normal numbers, whose products are exp(x . y) on average. Here m = N features of N numbers, and x = v N^(-1/4), as
 * softmax attention scales both of its factors.
 */
import { hashAt, streamKeys } from "../random.js";

/** Of u32. */
const RANGE = 2 ** 32;
/** No problem's: the matrix is no parameter, and the same for all layers. */
const KEYS = streamKeys(0, "randomFeatures");

/**
 * (features, numbers), rows w_i N^(-1/4) in f32. The normal numbers are made by Box and Muller of two hashes each, in float64; engines are
 * handed them.
 * @param state N
 */
export function featureMatrix(state: number): Float32Array {
  return Float32Array.from({ length: state * state }, (_, i) => {
    const [row, column] = [Math.floor(i / state), i % state];
    const [first, second] = [0, 1].map((which) => hashAt(KEYS, row, 2 * column + which));
    const radius = Math.sqrt(-2 * Math.log((first + 1) / RANGE));
    return (radius * Math.cos((2 * Math.PI * second) / RANGE)) / state ** 0.25;
  });
}

/** Of |v|^2, which stands for |x|^2 / 2. */
export function featureShare(state: number): number {
  return 0.5 / Math.sqrt(state);
}
