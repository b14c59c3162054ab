// Rows of numbers: how many vectors they are, and rows to columns.
#pragma once
#include "../../engines/native/transpose.h"

#include <stdbool.h>

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
// Of so many numbers: the vectors, and the numbers that fill them.
INLINE int64_t vectors_of(int64_t count) { return ratio_up(count, LANES); }
INLINE int64_t padded_to_vectors(int64_t count) { return vectors_of(count) * LANES; }

// A matrix times `factor` with rows and columns exchanged, square by square. With `pads` the rows of the result are filled up to whole
// vectors with zeros.
static void turn(const float *from, int64_t rows, int64_t columns, int64_t stride, float *to, int64_t toStride, bool pads, float factor) {
  for (int64_t r = 0; r < rows; r += LANES)
    for (int64_t c = 0; c < columns; c += LANES) {
      Vec square[LANES];
      UNROLL for (int i = 0; i < LANES; i++)
        square[i] = r + i < rows ? splat(factor) * load_some(from + (r + i) * stride + c, columns - c) : (Vec){0};
      transpose(square);
      const int64_t count = least(columns - c, LANES);
      UNROLL for (int i = 0; i < LANES; i++)
        if (i < count) store_some(to + (c + i) * toStride + r, square[i], pads ? LANES : rows - r);
    }
}
