// Exponentials, and what is made of them.
#pragma once
#include "vector.h"

// 2^f for |f| <= 1/2, within 2.8 units of 2^-24 (README.md): the polynomial of the WebAssembly engine, whose constant term is held at 1,
// so that a weak decay errs by a part of its distance from 1.
INLINE Vec power_of_fraction(Vec f) {
  Vec p = madd(splat(0x1.5bb854p-10f), f, splat(0x1.3cea6p-7f));
  p = madd(p, f, splat(0x1.c6b728p-5f));
  p = madd(p, f, splat(0x1.ebf9bap-3f));
  p = madd(p, f, splat(0x1.62e42ap-1f));
  return madd(p, f, splat(1));
}

// 2^t in every lane: exactly 1 at 0, exactly 0 far below, Inf far above, NaN for NaN.
INLINE Vec exp2_of(Vec t) {
#if defined(__AVX512F__)
  // infinities keep their sign under the scaling, and a difference of theirs must not become NaN
  t = larger(splat(-1000), smaller(splat(1000), t));
  const Vec whole = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm512_scalef_ps(power_of_fraction(t - whole), whole);
#else
  // At -127 the exponent field cancels to exactly 0.0, at 128 it becomes exactly Inf.
  t = larger(splat(-127), smaller(splat(128), t));
  // Adding 1.5 * 2^23 rounds to the nearest whole number and leaves it in the low bits.
  const Vec magic = splat(0x1.8p23f), z = t + magic;
  return (Vec)((Bits)power_of_fraction(t - (z - magic)) + ((Bits)z << 23));
#endif
}

#define LOG2_E 1.44269504f

INLINE Vec exp_of(Vec x) { return exp2_of(x * splat(LOG2_E)); }

// v / (1 + e^-v)
INLINE Vec silu(Vec v) { return v / (splat(1) + exp_of(-v)); }

// log(1 + e^v) without losing small values: max(v, 0) + log1p(e^-|v|), and log1p(u) = 2 atanh(u / (2 + u)), whose argument is at most
// 1/3, by nine terms of its series.
INLINE Vec softplus(Vec v) {
  const Vec u = exp_of(-larger(v, -v)), s = u / (splat(2) + u), square = s * s;
  Vec p = splat(2.0f / 17);
  UNROLL for (int k = 15; k > 0; k -= 2) p = madd(p, square, splat(2.0f / k));
  return madd(p, s, larger(splat(0), v));
}
