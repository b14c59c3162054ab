/**
 * The two products of attention for one query row, four sums at a time so that what is loaded once serves four multiply-adds.
 * Plain JavaScript sums in float64 and rounds to f32 where it stores.
 */

const SUMS_AT_ONCE = 4;
/** So many rows of V stay in the first-level cache while the channels pass over them. */
const KEYS_IN_CACHE = 32;

/** How often `addWeighted` rounds an element of Y over `keys` tokens. */
export function storedSums(keys: number): number {
  return Math.ceil(keys / KEYS_IN_CACHE);
}

/** S[s0 + s] = scale Q[q0..] . K[k0 + s keyStride..] for s < keys, each of `headDim` channels. */
export function scores(
  Q: Float32Array,
  q0: number,
  K: Float32Array,
  k0: number,
  keyStride: number,
  keys: number,
  headDim: number,
  scale: number,
  S: Float32Array,
  s0: number,
): void {
  let s = 0;
  for (; s + SUMS_AT_ONCE <= keys; s += SUMS_AT_ONCE) {
    let a = k0 + s * keyStride;
    let b = a + keyStride;
    let c = b + keyStride;
    let d = c + keyStride;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let n = 0; n < headDim; n++) {
      const q = Q[q0 + n];
      sumA += q * K[a++];
      sumB += q * K[b++];
      sumC += q * K[c++];
      sumD += q * K[d++];
    }
    S[s0 + s] = scale * sumA;
    S[s0 + s + 1] = scale * sumB;
    S[s0 + s + 2] = scale * sumC;
    S[s0 + s + 3] = scale * sumD;
  }
  for (; s < keys; s++) {
    const k = k0 + s * keyStride;
    let sum = 0;
    for (let n = 0; n < headDim; n++) sum += Q[q0 + n] * K[k + n];
    S[s0 + s] = scale * sum;
  }
}

/** Y[y0..] += sum_(s < keys) P[p0 + s] V[v0 + s valueStride..], each of `headDimV` channels. */
export function addWeighted(
  P: Float32Array,
  p0: number,
  V: Float32Array,
  v0: number,
  valueStride: number,
  keys: number,
  headDimV: number,
  Y: Float32Array,
  y0: number,
): void {
  for (let first = 0; first < keys; first += KEYS_IN_CACHE) {
    const last = Math.min(first + KEYS_IN_CACHE, keys);
    let e = 0;
    for (; e + SUMS_AT_ONCE <= headDimV; e += SUMS_AT_ONCE) {
      let sumA = 0;
      let sumB = 0;
      let sumC = 0;
      let sumD = 0;
      for (let s = first, v = v0 + first * valueStride + e; s < last; s++, v += valueStride) {
        const p = P[p0 + s];
        sumA += p * V[v];
        sumB += p * V[v + 1];
        sumC += p * V[v + 2];
        sumD += p * V[v + 3];
      }
      Y[y0 + e] += sumA;
      Y[y0 + e + 1] += sumB;
      Y[y0 + e + 2] += sumC;
      Y[y0 + e + 3] += sumD;
    }
    for (; e < headDimV; e++) {
      let sum = 0;
      for (let s = first; s < last; s++) sum += P[p0 + s] * V[v0 + s * valueStride + e];
      Y[y0 + e] += sum;
    }
  }
}
