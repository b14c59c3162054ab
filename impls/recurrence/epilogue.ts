/** What follows the sequence map in every form on the host: the skip D x and the gate silu(z), shared by ssd and selective_scan. */
import type { Bounds } from "../bound.js";

/**
 * @param width channels a token: heads x headDim
 * @param shared neighbouring channels that share one entry of D: headDim for D (h), 1 for D (h p)
 * @param Y (batch, length, heads, headDim), changed in place: y <- (y + D x) silu(z), with the raw x (not times dt), the gate last
 * @returns a function that does it, or nothing when there is neither D nor z
 */
export function skipAndGate(
  width: number,
  shared: number,
  X: Float32Array,
  D: Float32Array | undefined,
  z: Float32Array | undefined,
  Y: Float32Array,
): () => void {
  if (!D && !z) return () => {};
  const skip = new Float32Array(width);
  return () => {
    if (D) {
      for (let channel = 0; channel < width; channel++) skip[channel] = D[Math.floor(channel / shared)];
      addSkip(skip, X, Y);
    }
    if (z) for (let i = 0; i < Y.length; i++) Y[i] *= z[i] / (1 + Math.exp(-z[i]));
  };
}

function addSkip(skip: Float32Array, X: Float32Array, Y: Float32Array): void {
  const width = skip.length;
  for (let token = 0; token < Y.length; token += width)
    for (let channel = 0; channel < width; channel++)
      Y[token + channel] += skip[channel] * X[token + channel];
}

/** Bound of y + D x, with the raw x: a product and a sum more, and one count for their product of roundings. */
export function addSkipBound(Y: Bounds, t: number, skip: number, absSkip: number): void {
  const scale = Y.scale[t] + absSkip;
  const share = scale > 0 ? Y.scale[t] / scale : 0;
  Y.value[t] += skip;
  Y.count[t] = Y.count[t] * share + 3 * (1 - share);
  Y.countPerSum[t] *= share;
  if (Y.products) Y.products[t] *= share;
  if (Y.repeated) Y.repeated[t] *= share;
  Y.scale[t] = scale;
  Y.floor[t] += absSkip;
}

/** Bound of y silu(z): the gate errs by a few roundings and by |z| of them through its exponential. */
export function gateBound(Y: Bounds, t: number, z: number): void {
  const silu = z / (1 + Math.exp(-z));
  Y.value[t] *= silu;
  Y.scale[t] *= Math.abs(silu);
  Y.count[t] += 12 + 4 * Math.abs(z);
  Y.floor[t] *= Math.max(1, Math.abs(silu));
}
