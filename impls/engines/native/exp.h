// Exponentials, and what is made of them. How far each may be off, and why: README.md.
#pragma once
#include "vector.h"

// 2^t = 2^(k / STEPS) 2^f with |f| <= 1 / (2 STEPS): the first factor from a register (there are as many steps as lanes, none on NEON),
// the second a polynomial 1 + f (C1 + f (C2 + ...)). The constant term is exactly 1, so that a weak decay errs by a part of its distance
// from 1.
#if defined(__AVX512F__)
enum { STEPS_LOG2 = 4 };
static const float POWER[] = {0x1.62e43p-1f, 0x1.ebfff4p-3f, 0x1.c6acd8p-5f};
#elif defined(__AVX2__)
enum { STEPS_LOG2 = 3 };
static const float POWER[] = {0x1.62e43p-1f, 0x1.ebfbe2p-3f, 0x1.c6b8b6p-5f, 0x1.3b0a4ap-7f};
#else
enum { STEPS_LOG2 = 0 };
static const float POWER[] = {0x1.62e43p-1f, 0x1.ebfbdcp-3f, 0x1.c6af7ap-5f, 0x1.3b2ddap-7f, 0x1.5f0988p-10f, 0x1.4173c6p-13f};
#endif
enum { DEGREE = sizeof POWER / sizeof POWER[0], EXPONENT = 23 - STEPS_LOG2 };

// Added to t it rounds to the nearest step, whose number is left in the low bits.
#define NEAREST (0x1.8p23f / (1 << STEPS_LOG2))

// 2^(k / STEPS) where the low bits of z count the steps k, times 2^`more`. What lies below 2^-126 is a denormal, which runs flush.
INLINE Vec power_of_steps(Vec z, const int more) {
  // bits of 2^(j / STEPS), less j steps in the field of the exponent: with all k steps added to that field, the power's own bits
#define STEP(j, bits) ((bits) - ((j) << EXPONENT) + more * (1 << 23))
#if defined(__AVX512F__)
  const Bits table = {STEP(0, 0x3f800000),  STEP(1, 0x3f85aac3),  STEP(2, 0x3f8b95c2),  STEP(3, 0x3f91c3d3),
                      STEP(4, 0x3f9837f0),  STEP(5, 0x3f9ef532),  STEP(6, 0x3fa5fed7),  STEP(7, 0x3fad583f),
                      STEP(8, 0x3fb504f3),  STEP(9, 0x3fbd08a4),  STEP(10, 0x3fc5672a), STEP(11, 0x3fce248c),
                      STEP(12, 0x3fd744fd), STEP(13, 0x3fe0ccdf), STEP(14, 0x3feac0c7), STEP(15, 0x3ff5257d)};
  const Bits step = (Bits)_mm512_permutexvar_epi32((__m512i)z, (__m512i)table);
#elif defined(__AVX2__)
  const Bits table = {STEP(0, 0x3f800000), STEP(1, 0x3f8b95c2), STEP(2, 0x3f9837f0), STEP(3, 0x3fa5fed7),
                      STEP(4, 0x3fb504f3), STEP(5, 0x3fc5672a), STEP(6, 0x3fd744fd), STEP(7, 0x3feac0c7)};
  const Bits step = (Bits)_mm256_permutevar8x32_epi32((__m256i)table, (__m256i)z);
#else
  const Bits step = (Bits)splat(1) + more * (1 << 23);
#endif
#undef STEP
  return (Vec)(step + ((Bits)z << EXPONENT));
}

// What is left of t behind the steps that z counts.
INLINE Vec fraction_of(Vec t, Vec z) {
#if defined(__AVX512F__)
  (void)z;
  return _mm512_reduce_ps(t, STEPS_LOG2 << 4 | _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return t - (z - splat(NEAREST));
#endif
}

// S 2^f
INLINE Vec times_power(Vec S, Vec f) {
  Vec p = splat(POWER[DEGREE - 1]);
  UNROLL for (int i = DEGREE - 2; i >= 0; i--) p = madd(p, f, splat(POWER[i]));
  return madd(S, p * f, S);
}

// 2^t for -127 <= t <= 127, exactly 0 at -127; garbage beyond, but NaN for NaN.
INLINE Vec exp2_within(Vec t) {
#if defined(__AVX512F__)
  // a product that is t must be rounded before the sum, or z and the fraction belong to two numbers
  __asm__("" : "+v"(t));
#endif
  const Vec z = t + splat(NEAREST);
  return times_power(power_of_steps(z, 0), fraction_of(t, z));
}

// Doubled, a power of half the size becomes exactly Inf where it should, and at 2^-127 it is exactly 0.
#define LOWEST -126
#define HIGHEST 128

// 2^t in every lane: exactly 1 at 0, exactly 0 far below, Inf far above, NaN for NaN.
INLINE Vec exp2_of(Vec t) {
  t = larger(splat(LOWEST), smaller(splat(HIGHEST), t));
  const Vec z = t + splat(NEAREST), half = times_power(power_of_steps(z, -1), fraction_of(t, z));
  return half + half;
}

// log2(e) in two parts: the products with both are exact in a multiply-add.
#define LOG2_E 0x1.715476p0f
#define LOG2_E_REST 0x1.4ae0cp-26f
#define LN_2 0.693147181f

// e^x in every lane, as above: x log2(e) is never rounded as a whole, so that the error does not grow with |x|.
INLINE Vec exp_of(Vec x) {
  x = larger(splat(LOWEST * LN_2), smaller(splat((HIGHEST + 0.4f) * LN_2), x));
  const Vec z = madd(x, splat(LOG2_E), splat(NEAREST)), whole = z - splat(NEAREST);
  const Vec f = madd(x, splat(LOG2_E_REST), madd(x, splat(LOG2_E), -whole));
  const Vec half = times_power(power_of_steps(z, -1), f);
  return half + half;
}

// x log2(e), rounded once
INLINE Vec in_octaves(Vec x) { return madd(x, splat(LOG2_E), x * splat(LOG2_E_REST)); }

// v / (1 + e^-v)
INLINE Vec silu(Vec v) { return v / (splat(1) + exp_of(-v)); }

// Its slope, g (1 + v (1 - g)) with g the sigmoid of v; 1 - g is the sigmoid of -v, whose digits a difference would lose.
INLINE Vec silu_slope(Vec v) {
  const Vec e = exp_of(-larger(v, -v)), one = splat(1), far = one / (one + e), near = e * far;
  const Bits right = (Bits)(v > splat(0));
  const Vec g = (Vec)(((Bits)far & right) | ((Bits)near & ~right)), rest = (Vec)(((Bits)near & right) | ((Bits)far & ~right));
  return g * madd(v, rest, one);
}

// log(1 + e^v) without losing small values: max(v, 0) + log1p(e^-|v|), and log1p(u) = 2 atanh(u / (2 + u)), whose argument is at most
// 1/3, by nine terms of its series.
INLINE Vec softplus(Vec v) {
  const Vec u = exp_of(-larger(v, -v)), s = u / (splat(2) + u), square = s * s;
  Vec p = splat(2.0f / 17);
  UNROLL for (int k = 15; k > 0; k -= 2) p = madd(p, square, splat(2.0f / k));
  return madd(p, s, larger(splat(0), v));
}
