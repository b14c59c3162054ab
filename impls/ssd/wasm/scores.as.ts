import { madd, sums } from "../../engines/wasm/simd.as";

// Products C_q . B_s of the six rows q of a tile with columns s, stored as [s][8], lanes = rows: the order in which `tile` wants them.
// Each loop ends in its stores (see gemm.as.ts on V8), so that the sums over lanes are a step of their own.

/** Lane sums of columns 0 and 1 of `b` against six rows of `c`: 12 vectors, [column][row]. */
export function pairSums(c: usize, cStride: usize, b: usize, bStride: usize, state: i32, out: usize): void {
  const zero = i32x4.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero, s04 = zero, s05 = zero;
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero, s14 = zero, s15 = zero;
  let c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride, b1 = b + bStride;
  let u: v128, v: v128, r: v128;
  for (let n = state >> 2; n > 0; n--) {
    u = v128.load(b); v = v128.load(b1);
    r = v128.load(c); s00 = madd(r, u, s00); s10 = madd(r, v, s10);
    r = v128.load(c1); s01 = madd(r, u, s01); s11 = madd(r, v, s11);
    r = v128.load(c2); s02 = madd(r, u, s02); s12 = madd(r, v, s12);
    r = v128.load(c3); s03 = madd(r, u, s03); s13 = madd(r, v, s13);
    r = v128.load(c4); s04 = madd(r, u, s04); s14 = madd(r, v, s14);
    r = v128.load(c5); s05 = madd(r, u, s05); s15 = madd(r, v, s15);
    b += 16; b1 += 16; c += 16; c1 += 16; c2 += 16; c3 += 16; c4 += 16; c5 += 16;
  }
  v128.store(out, s00); v128.store(out, s10, 96);
  v128.store(out, s01, 16); v128.store(out, s11, 112);
  v128.store(out, s02, 32); v128.store(out, s12, 128);
  v128.store(out, s03, 48); v128.store(out, s13, 144);
  v128.store(out, s04, 64); v128.store(out, s14, 160);
  v128.store(out, s05, 80); v128.store(out, s15, 176);
}

/** Lane sums of columns 2 to 5 of a diagonal tile: of each only the rows q >= s. */
export function cornerSums(c: usize, cStride: usize, b: usize, bStride: usize, state: i32, out: usize): void {
  const zero = i32x4.splat(0);
  let s22 = zero, s23 = zero, s24 = zero, s25 = zero, s33 = zero, s34 = zero, s35 = zero, s44 = zero, s45 = zero, s55 = zero;
  let c2 = c + 2 * cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride;
  let b2 = b + 2 * bStride, b3 = b2 + bStride, b4 = b3 + bStride, b5 = b4 + bStride;
  let r2: v128, r3: v128, r4: v128, r5: v128, u: v128;
  for (let n = state >> 2; n > 0; n--) {
    r2 = v128.load(c2); r3 = v128.load(c3); r4 = v128.load(c4); r5 = v128.load(c5);
    u = v128.load(b2); s22 = madd(r2, u, s22); s23 = madd(r3, u, s23); s24 = madd(r4, u, s24); s25 = madd(r5, u, s25);
    u = v128.load(b3); s33 = madd(r3, u, s33); s34 = madd(r4, u, s34); s35 = madd(r5, u, s35);
    u = v128.load(b4); s44 = madd(r4, u, s44); s45 = madd(r5, u, s45);
    s55 = madd(r5, v128.load(b5), s55);
    b2 += 16; b3 += 16; b4 += 16; b5 += 16; c2 += 16; c3 += 16; c4 += 16; c5 += 16;
  }
  v128.store(out, s22, 32);
  v128.store(out, s33, 144);
  v128.store(out, s23, 48);
  v128.store(out, s34, 160);
  v128.store(out, s24, 64);
  v128.store(out, s35, 176);
  v128.store(out, s25, 80);
  v128.store(out, s44, 256);
  v128.store(out, s45, 272);
  v128.store(out, s55, 368);
}

/**
 * Products of a 6 x 6 block into `out`[s][8]. On the diagonal only rows q >= s count; the rest is written, finite or not, and never
 * read.
 */
export function scoreTile(c: usize, cStride: usize, b: usize, bStride: usize, state: i32, diagonal: bool, out: usize, lanes: usize): void {
  pairSums(c, cStride, b, bStride, state, lanes);
  if (diagonal) {
    cornerSums(c, cStride, b, bStride, state, lanes + 192);
  } else {
    pairSums(c, cStride, b + 2 * bStride, bStride, state, lanes + 192);
    pairSums(c, cStride, b + 4 * bStride, bStride, state, lanes + 384);
  }
  for (let s: usize = 0; s < 6; s++) {
    const from = lanes + s * 96, to = out + (s << 5);
    v128.store(to, sums(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48)));
    const zero = i32x4.splat(0);
    v128.store(to, sums(v128.load(from, 64), v128.load(from, 80), zero, zero), 16);
  }
  // What is left of a state that 4 does not divide: never read beyond the row, the next one may hold a NaN.
  for (let n = state & ~3; n < state; n++) {
    const at = <usize>n << 2;
    for (let s: usize = 0; s < 6; s++) {
      const u = load<f32>(b + s * bStride + at);
      for (let q: usize = diagonal ? s : 0; q < 6; q++) {
        const to = out + (s << 5) + (q << 2);
        store<f32>(to, load<f32>(to) + u * load<f32>(c + q * cStride + at));
      }
    }
  }
}
