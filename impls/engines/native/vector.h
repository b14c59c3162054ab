// The vectors that kernels are written in: 16, 8 or 4 floats, whatever the build is for. Arithmetic with + - * / is the compiler's own
// (GCC and Clang); what has no operator stands here once for each instruction set.
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16, REGISTERS = 32 };
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
enum { LANES = 8, REGISTERS = 16 };
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
enum { LANES = 4, REGISTERS = 32 };
#else
#error "kernels need AVX-512, AVX2 with FMA, or NEON"
#endif

#define INLINE static inline __attribute__((always_inline))
// Loops over registers: their bounds are constants once the function is inlined.
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
// A function of its own, with all registers to itself.
#define APART static __attribute__((noinline))
// Values that the compiler must hold in registers: it may know nothing about them, so that it cannot load or work them out again.
#if defined(__x86_64__)
#define HOLD(x) __asm__ volatile("" : "+v"(x))
#else
#define HOLD(x) __asm__ volatile("" : "+w"(x))
#endif
// Of two branches, the one that is hardly ever taken.
#define SELDOM(condition) __builtin_expect(!!(condition), 0)

typedef float Vec __attribute__((vector_size(4 * LANES)));
typedef int32_t Bits __attribute__((vector_size(4 * LANES)));
typedef float AnyVec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE Vec load(const float *from) { return *(const AnyVec *)from; }
INLINE void store(float *to, Vec value) { *(AnyVec *)to = value; }

// Asks for the line of an address, which may lie behind an end: to be read or written soon (in the nearest cache), or later (in the next).
#define FETCH_TO_READ(address) __builtin_prefetch(address, 0, 3)
#define FETCH_TO_WRITE(address) __builtin_prefetch(address, 1, 3)
#define FETCH_FOR_LATER(address) __builtin_prefetch(address, 0, 2)
enum { LINE_FLOATS = 16 };

#if defined(__AVX512F__)
INLINE Vec splat(float x) { return _mm512_set1_ps(x); }
// a b + c, rounded once
INLINE Vec madd(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
// Where one is NaN: the second.
INLINE Vec larger(Vec a, Vec b) { return _mm512_max_ps(a, b); }
INLINE Vec smaller(Vec a, Vec b) { return _mm512_min_ps(a, b); }
// The first `count` floats, zeros behind them: nothing behind a row is touched.
INLINE Vec load_part(const float *from, int64_t count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}
INLINE void store_part(float *to, Vec value, int64_t count) {
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), value);
}
// Past the caches, without reading the line first: to aligned addresses, and all of a line's vectors behind each other. Until
// `end_stream` no other thread may see them.
INLINE void stream(float *to, Vec value) { _mm512_stream_ps(to, value); }
INLINE void end_stream(void) { _mm_sfence(); }
#elif defined(__AVX2__)
INLINE Vec splat(float x) { return _mm256_set1_ps(x); }
INLINE Vec madd(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE Vec larger(Vec a, Vec b) { return _mm256_max_ps(a, b); }
INLINE Vec smaller(Vec a, Vec b) { return _mm256_min_ps(a, b); }
INLINE __m256i first_lanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE Vec load_part(const float *from, int64_t count) { return _mm256_maskload_ps(from, first_lanes(count)); }
INLINE void store_part(float *to, Vec value, int64_t count) { _mm256_maskstore_ps(to, first_lanes(count), value); }
INLINE void stream(float *to, Vec value) { _mm256_stream_ps(to, value); }
INLINE void end_stream(void) { _mm_sfence(); }
#else
INLINE Vec splat(float x) { return (Vec)vdupq_n_f32(x); }
INLINE Vec madd(Vec a, Vec b, Vec c) { return (Vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE Vec larger(Vec a, Vec b) { return (Vec)vbslq_f32((uint32x4_t)(a > b), (float32x4_t)a, (float32x4_t)b); }
INLINE Vec smaller(Vec a, Vec b) { return (Vec)vbslq_f32((uint32x4_t)(a < b), (float32x4_t)a, (float32x4_t)b); }
INLINE Vec load_part(const float *from, int64_t count) {
  Vec value = {0};
  memcpy(&value, from, 4 * count);
  return value;
}
INLINE void store_part(float *to, Vec value, int64_t count) { memcpy(to, &value, 4 * count); }
INLINE void stream(float *to, Vec value) { store(to, value); }
INLINE void end_stream(void) {}
#endif

// All of a row's vector, or what of it is there.
INLINE Vec load_some(const float *from, int64_t count) { return count >= LANES ? load(from) : load_part(from, count); }
INLINE void store_some(float *to, Vec value, int64_t count) {
  if (count >= LANES) store(to, value);
  else store_part(to, value, count);
}

#define SHUFFLE __builtin_shufflevector

// Lanes in quads [a b c d]: each quad of the result holds what the four vectors have in that quad, added up; with the sums over quads
// (below) the sums over all lanes.
INLINE Vec quad_sums(Vec a, Vec b, Vec c, Vec d) {
#if defined(__AVX512F__)
#define PAIR(x, y) \
  SHUFFLE(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) + \
  SHUFFLE(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define HALVES(x, y) \
  SHUFFLE(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) + \
  SHUFFLE(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#elif defined(__AVX2__)
#define PAIR(x, y) SHUFFLE(x, y, 0, 8, 1, 9, 4, 12, 5, 13) + SHUFFLE(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#define HALVES(x, y) SHUFFLE(x, y, 0, 1, 8, 9, 4, 5, 12, 13) + SHUFFLE(x, y, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define PAIR(x, y) SHUFFLE(x, y, 0, 4, 1, 5) + SHUFFLE(x, y, 2, 6, 3, 7)
#define HALVES(x, y) SHUFFLE(x, y, 0, 1, 4, 5) + SHUFFLE(x, y, 2, 3, 6, 7)
#endif
  const Vec ab = PAIR(a, b), cd = PAIR(c, d);
  return HALVES(ab, cd);
#undef PAIR
#undef HALVES
}

// Of as many vectors as lanes: the sum over each one's lanes, in its lane.
INLINE Vec sums_of(const Vec v[LANES]) {
  Vec quads[LANES / 4];
  UNROLL for (int i = 0; i < LANES / 4; i++) quads[i] = quad_sums(v[4 * i], v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]);
#if defined(__AVX512F__)
#define EVEN 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define ODD 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
  const Vec a = SHUFFLE(quads[0], quads[1], EVEN) + SHUFFLE(quads[0], quads[1], ODD);
  const Vec b = SHUFFLE(quads[2], quads[3], EVEN) + SHUFFLE(quads[2], quads[3], ODD);
  return SHUFFLE(a, b, EVEN) + SHUFFLE(a, b, ODD);
#undef EVEN
#undef ODD
#elif defined(__AVX2__)
  return SHUFFLE(quads[0], quads[1], 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLE(quads[0], quads[1], 4, 5, 6, 7, 12, 13, 14, 15);
#else
  return quads[0];
#endif
}

INLINE float sum_of(Vec x) {
  float total = 0;
  for (int i = 0; i < LANES; i++) total += x[i];
  return total;
}

INLINE float largest_of(Vec x) {
  float most = x[0];
  for (int i = 1; i < LANES; i++) most = x[i] > most ? x[i] : most;
  return most;
}
