// Rows to columns, a square of a vector's size at a time.
#pragma once
#include "counts.h"

#include <stdbool.h>

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
