import { sums } from "../../engines/wasm/simd.as";
import { packSix } from "../../engines/wasm/pack.as";
import { DECAY, STEPS } from "./decays.as";
import { CHUNK, PAIR_ROW, ROWS } from "./layout.as";

// Pairs of tokens inside a chunk: what token s counts in the output of token t >= s, and what flows back on that way. Matrices of
// [t][s]; nothing above the diagonal means anything.

export const PAIR_BYTES: usize = CHUNK * CHUNK * 4;

/** With L[t][s] the decay from s to t: */
@unmanaged
export class Pairs {
  /** dY_t . X_s */
  products: usize;
  /** L (C_t . B_s), the same times the step of s, and L (dY_t . X_s) times the step of s. */
  weights: usize; stepped: usize; returns: usize;
  /** L (C_t . B_s) (dY_t . X_s) times the step of s: what the pair gives to the gradient of every log decay on its way. */
  flows: usize;
  /** `stepped` and `returns` as [six rows t][s]. */
  steppedSix: usize; returnsSix: usize;
}

// @ts-ignore: decorator
@inline
function chosen(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** @param scores C_t . B_s; `products` are there */
export function pairWeights(decays: usize, scores: usize, p: Pairs): void {
  let lanes = i32x4(0, 1, 2, 3);
  for (let s: usize = 0; s < PAIR_ROW; s += 16) {
    const steps = v128.load(decays + STEPS + s);
    let L = i32x4.splat(0);
    for (let t = 0; t < CHUNK; t++) {
      const at = <usize>t * PAIR_ROW + s;
      L = chosen(i32x4.eq(lanes, i32x4.splat(t)), f32x4.splat(1), f32x4.mul(L, v128.load32_splat(decays + DECAY + (<usize>t << 2))));
      const weight = f32x4.mul(L, v128.load(scores + at)), stepped = f32x4.mul(steps, weight), product = v128.load(p.products + at);
      v128.store(p.weights + at, weight);
      v128.store(p.stepped + at, stepped);
      v128.store(p.returns + at, f32x4.mul(f32x4.mul(L, steps), product));
      v128.store(p.flows + at, f32x4.mul(stepped, product));
    }
    lanes = i32x4.add(lanes, i32x4.splat(4));
  }
  for (let t: usize = 0; t < <usize>CHUNK; t += ROWS) {
    packSix(p.stepped + t * PAIR_ROW, PAIR_ROW, ROWS, CHUNK, p.steppedSix + t * PAIR_ROW);
    packSix(p.returns + t * PAIR_ROW, PAIR_ROW, ROWS, CHUNK, p.returnsSix + t * PAIR_ROW);
  }
}

/**
 * Of each token: what flows from tokens before it to itself and those behind it. A sum over a rectangle, in two rounds of sums: over the
 * rows from below, then over the columns before the token. @param lanesOf 16 bytes for each token
 */
export function pairFlows(p: Pairs, lanesOf: usize, across: usize): void {
  memory.fill(lanesOf, 0, CHUNK * 16);
  let lanes = i32x4(0, 1, 2, 3);
  for (let s: usize = 0; s < PAIR_ROW; s += 16) {
    let below = i32x4.splat(0);
    for (let t = CHUNK - 1; t > 0; t--) {
      below = f32x4.add(below, v128.load(p.flows + <usize>t * PAIR_ROW + s));
      const to = lanesOf + (<usize>t << 4);
      v128.store(to, f32x4.add(v128.load(to), v128.and(below, i32x4.lt_s(lanes, i32x4.splat(t)))));
    }
    lanes = i32x4.add(lanes, i32x4.splat(4));
  }
  laneSums(lanesOf, across);
}

/** Sums over the lanes of a vector for each token. */
export function laneSums(from: usize, to: usize): void {
  for (let t = 0; t < CHUNK; t += 4, from += 64, to += 16) {
    v128.store(to, sums(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48)));
  }
}
