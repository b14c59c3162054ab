// Rows to columns: whole vectors in registers, and tensors in memory four by four, the same on every width.
#pragma once
#include "vector.h"

// Rows and columns exchanged, in log2(LANES) rounds that each weave the two halves into each other.
INLINE void transpose(Vec rows[LANES]) {
#if defined(__AVX512F__)
#define WEAVE_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define WEAVE_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define WEAVE_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define WEAVE_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define WEAVE_LOW 0, 4, 1, 5
#define WEAVE_HIGH 2, 6, 3, 7
#endif
  UNROLL for (int round = 1; round < LANES; round *= 2) {
    Vec woven[LANES];
    UNROLL for (int i = 0; i < LANES / 2; i++) {
      woven[2 * i] = SHUFFLE(rows[i], rows[i + LANES / 2], WEAVE_LOW);
      woven[2 * i + 1] = SHUFFLE(rows[i], rows[i + LANES / 2], WEAVE_HIGH);
    }
    UNROLL for (int i = 0; i < LANES; i++) rows[i] = woven[i];
  }
#undef WEAVE_LOW
#undef WEAVE_HIGH
}

typedef float Quad __attribute__((vector_size(16)));
typedef float AnyQuad __attribute__((vector_size(16), aligned(4), may_alias));

INLINE Quad load_quad(const float *from) { return *(const AnyQuad *)from; }
INLINE void store_quad(float *to, Quad value) { *(AnyQuad *)to = value; }

// to[column][row] = from[row][column] for four rows and so many columns.
INLINE void transpose_four(const float *from, int64_t stride, int64_t columns, float *to, int64_t toStride) {
  int64_t n = 0;
  for (; n + 4 <= columns; n += 4, from += 4, to += 4 * toStride) {
    const Quad a = load_quad(from), b = load_quad(from + stride), c = load_quad(from + 2 * stride), d = load_quad(from + 3 * stride);
    const Quad ab0 = SHUFFLE(a, b, 0, 4, 1, 5), ab2 = SHUFFLE(a, b, 2, 6, 3, 7);
    const Quad cd0 = SHUFFLE(c, d, 0, 4, 1, 5), cd2 = SHUFFLE(c, d, 2, 6, 3, 7);
    store_quad(to, SHUFFLE(ab0, cd0, 0, 1, 4, 5));
    store_quad(to + toStride, SHUFFLE(ab0, cd0, 2, 3, 6, 7));
    store_quad(to + 2 * toStride, SHUFFLE(ab2, cd2, 0, 1, 4, 5));
    store_quad(to + 3 * toStride, SHUFFLE(ab2, cd2, 2, 3, 6, 7));
  }
  for (; n < columns; n++, from++, to += toStride)
    for (int i = 0; i < 4; i++) to[i] = from[i * stride];
}

// The same for any number of rows.
INLINE void transpose_rows(const float *from, int64_t stride, int64_t rows, int64_t columns, float *to, int64_t toStride) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) transpose_four(from + i * stride, stride, columns, to + i, toStride);
  for (; i < rows; i++)
    for (int64_t n = 0; n < columns; n++) to[n * toStride + i] = from[i * stride + n];
}
