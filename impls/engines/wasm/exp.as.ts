import { madd } from "./simd.as";

// Constants stay in memory: asc folds splats into v128.const, which V8 rebuilds inside every loop.
// Each word four times, so that one plain load fetches a vector.
export const table = memory.data<u32>([
  0xc2fe0000, 0xc2fe0000, 0xc2fe0000, 0xc2fe0000, // -127
  0x43000000, 0x43000000, 0x43000000, 0x43000000, // 128
  0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, // 1.5 * 2^23
  0x3aaddc2a, 0x3aaddc2a, 0x3aaddc2a, 0x3aaddc2a, // f^5
  0x3c1e7530, 0x3c1e7530, 0x3c1e7530, 0x3c1e7530, // f^4
  0x3d635b94, 0x3d635b94, 0x3d635b94, 0x3d635b94, // f^3
  0x3e75fcdd, 0x3e75fcdd, 0x3e75fcdd, 0x3e75fcdd, // f^2
  0x3f317215, 0x3f317215, 0x3f317215, 0x3f317215, // f
  0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, // 1
], 16);

/**
 * 2^t in every lane, within 2.8 * 2^-24 (3.1 in the plain build) for -126 <= t < 128; exactly 1 at 0, exactly 0 below
 * -127, Inf from 128 on, NaN for NaN.
 * 2^t = 2^r 2^f with r the nearest whole number. The polynomial in f is a minimax one (Remez) whose constant term is held at 1.
 */
// @ts-ignore: decorator
@inline
export function exp2(t: v128): v128 {
  // pmax and pmin, not max and min: one instruction on x64, and a NaN in t stays.
  // At -127 the exponent field cancels to exactly 0.0, at 128 it becomes exactly Inf.
  t = f32x4.pmin(f32x4.pmax(t, v128.load(table)), v128.load(table, 16));
  const magic = v128.load(table, 32);
  // Adding 1.5 * 2^23 rounds to the nearest whole number and leaves it in the low bits.
  const z = f32x4.add(t, magic);
  const f = f32x4.sub(t, f32x4.sub(z, magic));
  let p = madd(v128.load(table, 48), f, v128.load(table, 64));
  p = madd(p, f, v128.load(table, 80));
  p = madd(p, f, v128.load(table, 96));
  p = madd(p, f, v128.load(table, 112));
  p = madd(p, f, v128.load(table, 128));
  return i32x4.add(p, i32x4.shl(z, 23));
}

/** log2(e), to go from exp to exp2. */
export const log2e: f32 = 1.44269502;

/** e^x in every lane; errs by |x| * 2^-23 more than exp2, which the operators' bounds allow for. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  return exp2(f32x4.mul(x, f32x4.splat(log2e)));
}

/** v / (1 + e^-v). */
// @ts-ignore: decorator
@inline
export function silu(v: v128): v128 {
  return f32x4.div(v, f32x4.add(f32x4.splat(1), exp(f32x4.neg(v))));
}

/**
 * log(1 + e^v) without losing small values: max(v, 0) + log1p(e^-|v|), and log1p(u) = 2 atanh(u / (2 + u)), whose argument is at most
 * 1/3, by nine terms of its series.
 */
export function softplus(v: v128): v128 {
  const u = exp(f32x4.neg(f32x4.abs(v)));
  const s = f32x4.div(u, f32x4.add(f32x4.splat(2), u));
  const square = f32x4.mul(s, s);
  let p = f32x4.splat(<f32>(2.0 / 17));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 15)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 13)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 11)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 9)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 7)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 5)));
  p = madd(p, square, f32x4.splat(<f32>(2.0 / 3)));
  p = madd(p, square, f32x4.splat(2));
  return madd(p, s, f32x4.pmax(v, f32x4.splat(0)));
}
