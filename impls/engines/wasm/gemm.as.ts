import { madd } from "./simd.as";

/**
 * out[6][8] <- scale[8] * out + sum over k < count of A[k][6] x B[k][8]; strides in bytes; outStride 0 never happens.
 *
 * 6 x 8: twelve sums, two operands and one broadcast are the 15 vector registers that V8 hands out. V8 (11.3 to 13) orders a block by
 * walking back from the function's end: only with the twelve stores right behind the loop does it keep each broadcast next to its two
 * products; anything else there makes it load all operands first and spill the sums (16 instead of 45 GFLOP/s). For the same reason
 * the loop is not unrolled and the function is exported, which keeps binaryen from inlining it. Without a fused multiply-add every
 * product needs a register of its own, so the plain build takes three rows at a time.
 */
export function tile(A: usize, aStride: usize, B: usize, bStride: usize, count: i32, out: usize, outStride: usize, scale: usize): void {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    threeRows(A, aStride, B, bStride, count, out, outStride, scale);
    return threeRows(A + 12, aStride, B, bStride, count, out + 3 * outStride, outStride, scale);
  }
  const r1 = out + outStride, r2 = r1 + outStride, r3 = r2 + outStride, r4 = r3 + outStride, r5 = r4 + outStride;
  let u = v128.load(scale), v = v128.load(scale, 16), a: v128;
  let y00 = f32x4.mul(u, v128.load(out)), y01 = f32x4.mul(v, v128.load(out, 16));
  let y10 = f32x4.mul(u, v128.load(r1)), y11 = f32x4.mul(v, v128.load(r1, 16));
  let y20 = f32x4.mul(u, v128.load(r2)), y21 = f32x4.mul(v, v128.load(r2, 16));
  let y30 = f32x4.mul(u, v128.load(r3)), y31 = f32x4.mul(v, v128.load(r3, 16));
  let y40 = f32x4.mul(u, v128.load(r4)), y41 = f32x4.mul(v, v128.load(r4, 16));
  let y50 = f32x4.mul(u, v128.load(r5)), y51 = f32x4.mul(v, v128.load(r5, 16));
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    a = v128.load32_splat(A, 12); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
    a = v128.load32_splat(A, 16); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
    a = v128.load32_splat(A, 20); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
    A += aStride; B += bStride;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
  v128.store(r3, y30); v128.store(r3, y31, 16);
  v128.store(r4, y40); v128.store(r4, y41, 16);
  v128.store(r5, y50); v128.store(r5, y51, 16);
}

/** out[6][8] <- sum over k < count of A[k][6] x B[k][8]: `tile` without what was in `out`. */
export function freshTile(A: usize, aStride: usize, B: usize, bStride: usize, count: i32, out: usize, outStride: usize): void {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    threeFreshRows(A, aStride, B, bStride, count, out, outStride);
    return threeFreshRows(A + 12, aStride, B, bStride, count, out + 3 * outStride, outStride);
  }
  const r1 = out + outStride, r2 = r1 + outStride, r3 = r2 + outStride, r4 = r3 + outStride, r5 = r4 + outStride;
  const zero = i32x4.splat(0);
  let y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero;
  let y30 = zero, y31 = zero, y40 = zero, y41 = zero, y50 = zero, y51 = zero;
  let u: v128, v: v128, a: v128;
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    a = v128.load32_splat(A, 12); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
    a = v128.load32_splat(A, 16); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
    a = v128.load32_splat(A, 20); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
    A += aStride; B += bStride;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
  v128.store(r3, y30); v128.store(r3, y31, 16);
  v128.store(r4, y40); v128.store(r4, y41, 16);
  v128.store(r5, y50); v128.store(r5, y51, 16);
}

/** `tile` for the last four rows or fewer: out[4][8] <- scale[8] * out + sum over k < count of A[k][4] x B[k][8]. */
export function fourRows(A: usize, aStride: usize, B: usize, bStride: usize, count: i32, out: usize, outStride: usize, scale: usize): void {
  const r1 = out + outStride, r2 = r1 + outStride, r3 = r2 + outStride;
  let u = v128.load(scale), v = v128.load(scale, 16), a: v128;
  let y00 = f32x4.mul(u, v128.load(out)), y01 = f32x4.mul(v, v128.load(out, 16));
  let y10 = f32x4.mul(u, v128.load(r1)), y11 = f32x4.mul(v, v128.load(r1, 16));
  let y20 = f32x4.mul(u, v128.load(r2)), y21 = f32x4.mul(v, v128.load(r2, 16));
  let y30 = f32x4.mul(u, v128.load(r3)), y31 = f32x4.mul(v, v128.load(r3, 16));
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    a = v128.load32_splat(A, 12); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
    A += aStride; B += bStride;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
  v128.store(r3, y30); v128.store(r3, y31, 16);
}

/** Half a `tile`. */
export function threeRows(
  A: usize, aStride: usize, B: usize, bStride: usize, count: i32, out: usize, outStride: usize, scale: usize,
): void {
  const r1 = out + outStride, r2 = r1 + outStride;
  let u = v128.load(scale), v = v128.load(scale, 16), a: v128;
  let y00 = f32x4.mul(u, v128.load(out)), y01 = f32x4.mul(v, v128.load(out, 16));
  let y10 = f32x4.mul(u, v128.load(r1)), y11 = f32x4.mul(v, v128.load(r1, 16));
  let y20 = f32x4.mul(u, v128.load(r2)), y21 = f32x4.mul(v, v128.load(r2, 16));
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    A += aStride; B += bStride;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
}

/** Half a `freshTile`. */
export function threeFreshRows(A: usize, aStride: usize, B: usize, bStride: usize, count: i32, out: usize, outStride: usize): void {
  const r1 = out + outStride, r2 = r1 + outStride;
  const zero = i32x4.splat(0);
  let y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero;
  let u: v128, v: v128, a: v128;
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    A += aStride; B += bStride;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
}
