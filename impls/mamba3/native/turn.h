// Keys and queries of a block of tokens, biased and turned by the running angle. Angles are summed in turns, in float64, as whole multiples
// of 2^-50: within [-1/2, 1/2] such sums are exact, in any order (README.md, "The angle").
#pragma once
#include "../../engines/native/vector.h"

typedef double Wide __attribute__((vector_size(8 * LANES)));
typedef int64_t WideBits __attribute__((vector_size(8 * LANES)));
typedef double AnyWide __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

// Added to a number it rounds to the nearest whole one and leaves that in the low bits.
#define WHOLE 0x1.8p52

INLINE Wide wide(double x) { return x - (Wide){0}; }
INLINE Wide nearest(Wide x) { return (x + WHOLE) - WHOLE; }

// tanh within 2^-42 of itself: (e^2x - 1) / (e^2x + 1) with e^2x - 1 = 2^k (e^2r - 1) + (2^k - 1), which does not cancel. |x| <= 20.
INLINE Wide tanh_of(Wide x) {
  // (e^2r - 1) / r for |r| <= ln(2) / 4, r^8 first: interpolated at Chebyshev points, within 2^-43 of itself
  static const double LESS[] = {0x1.72e31570f1b12p-10, 0x1.a15a79b9bc268p-8, 0x1.a01993004d591p-6,
                                0x1.6c164dd59556cp-4,  0x1.1111112438d83p-2, 0x1.5555557435595p-1,
                                0x1.5555555550b1fp+0,  0x1.fffffffff717fp+0, 0x1.0000000000009p+1};
  const Wide z = x * 2.8853900817779268 + WHOLE, k = z - WHOLE, r = x - k * 0.34657359027997264;
  Wide p = wide(LESS[0]);
  UNROLL for (int i = 1; i < 9; i++) p = p * r + LESS[i];
  const Wide power = (Wide)((WideBits)wide(1) + ((WideBits)z << 52)), less = power * (p * r) + (power - 1);
  return less / (less + 2);
}

typedef struct {
  Vec cosine, sine;
} Turns;

// Angles at `sums` go on by one token. The rest of a vector's angles are 0 and stay so.
INLINE Turns advance(double *sums, Vec angles, double half) {
  angles = larger(splat(-20), smaller(splat(20), angles));
  Wide turn = tanh_of(__builtin_convertvector(angles, Wide)) * half;
  turn -= nearest(turn);
  Wide sum = *(AnyWide *)sums + ((turn + 6) - 6);
  sum -= nearest(sum);
  *(AnyWide *)sums = sum;
  // the nearest quarter of a turn, and what is left of it: at most an eighth
  const Wide z = sum * 4 + WHOLE;
  const Vec f = __builtin_convertvector(sum - (z - WHOLE) * 0.25, Vec), square = f * f;
  const Bits quarter = __builtin_convertvector((WideBits)z, Bits);
  // sin(2 pi f) and cos(2 pi f) by their series
  Vec s = madd(splat(42.0586940f), square, splat(-76.7058597f)), c = madd(splat(60.2446414f), square, splat(-85.4568172f));
  s = madd(s, square, splat(81.6052493f));
  s = madd(s, square, splat(-41.3417022f));
  s = madd(s, square, splat(6.28318531f)) * f;
  c = madd(c, square, splat(64.9393940f));
  c = madd(c, square, splat(-19.7392088f));
  c = madd(c, square, splat(1));
  const Bits odd = -(quarter & 1), minusC = ((quarter + 1) & 2) << 30, minusS = (quarter & 2) << 30;
  return (Turns){(Vec)((((Bits)s & odd) | ((Bits)c & ~odd)) ^ minusC), (Vec)((((Bits)c & odd) | ((Bits)s & ~odd)) ^ minusS)};
}

#if defined(__AVX512F__)
#define EACH_TWICE_LOW 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7
#define EACH_TWICE_HIGH 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
#elif defined(__AVX2__)
#define EACH_TWICE_LOW 0, 0, 1, 1, 2, 2, 3, 3
#define EACH_TWICE_HIGH 4, 4, 5, 5, 6, 6, 7, 7
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6
#else
#define EACH_TWICE_LOW 0, 0, 1, 1
#define EACH_TWICE_HIGH 2, 2, 3, 3
#define NEIGHBOURS 1, 0, 3, 2
#endif

// (x, y) <- (x c - y s, y c + x s) of neighbouring lanes. @param s with its signs: -s, s of each pair
INLINE void turn_pairs(const float *from, const float *bias, Vec c, Vec s, float *to, int64_t left) {
  if (left <= 0) return;
  const Vec x = load_some(from, left) + load_some(bias, left);
  store_some(to, madd(SHUFFLE(x, x, NEIGHBOURS), s, x * c), left);
}

// One token's query and key. @param sums of its head's angles, padded to whole vectors
INLINE void turn_row(const float *q, const float *k, const float *biasQ, const float *biasK, const float *angles, double *sums, double half,
                     int64_t state, int64_t pairs, float *Q, float *K) {
  Vec signs;
  UNROLL for (int i = 0; i < LANES; i++) signs[i] = i % 2 ? 1 : -1;
  int64_t n = 0;
  for (int64_t j = 0; j < pairs; j += LANES, n += 2 * LANES) {
    const Turns turns = advance(sums + j, load_some(angles + j, pairs - j), half);
    const Vec c0 = SHUFFLE(turns.cosine, turns.cosine, EACH_TWICE_LOW), c1 = SHUFFLE(turns.cosine, turns.cosine, EACH_TWICE_HIGH);
    const Vec s0 = signs * SHUFFLE(turns.sine, turns.sine, EACH_TWICE_LOW), s1 = signs * SHUFFLE(turns.sine, turns.sine, EACH_TWICE_HIGH);
    turn_pairs(q + n, biasQ + n, c0, s0, Q + n, state - n);
    turn_pairs(k + n, biasK + n, c0, s0, K + n, state - n);
    turn_pairs(q + n + LANES, biasQ + n + LANES, c1, s1, Q + n + LANES, state - n - LANES);
    turn_pairs(k + n + LANES, biasK + n + LANES, c1, s1, K + n + LANES, state - n - LANES);
  }
  for (; n < state; n += LANES) {
    store_some(Q + n, load_some(q + n, state - n) + load_some(biasQ + n, state - n), state - n);
    store_some(K + n, load_some(k + n, state - n) + load_some(biasK + n, state - n), state - n);
  }
}
