// The few SIMD words that all kernels share.

/** a*b + c: fused in the relaxed build, two roundings in the plain one. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The same of two float64. */
// @ts-ignore: decorator
@inline
export function maddWide(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** The four sums over the lanes of a, b, c, d. */
// @ts-ignore: decorator
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The first `count` (1 to 3) floats at p, zeros after them: nothing behind a row is read into a sum. */
export function loadTail(p: usize, count: i32): v128 {
  if (count == 1) return v128.load32_zero(p);
  const two = v128.load64_zero(p);
  return count == 2 ? two : v128.load_lane<f32>(p + 8, two, 2);
}

/** Stores the first `count` (1 to 3) floats. */
export function storeTail(p: usize, value: v128, count: i32): void {
  store<f32>(p, f32x4.extract_lane(value, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(value, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(value, 2), 8);
}

/** Values below 1e-25 become zero: wasm has no flush-to-zero mode, and arithmetic on denormals is 5-48x slower. A NaN stays. */
// @ts-ignore: decorator
@inline
export function flushed(value: v128): v128 {
  return v128.andnot(value, f32x4.lt(f32x4.abs(value), f32x4.splat(1e-25)));
}
