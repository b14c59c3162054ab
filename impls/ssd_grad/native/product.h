// Products of matrices, in tiles of R rows by Z vectors whose sums stay in registers: all that takes time here is one of these.
#pragma once
#include "problem.h"

// to[r][c] = by from[r][c] + sum over k of left[r][k] right[k][c], for whole vectors of columns.
typedef struct {
  // The element of row r and step k lies at left[r * row + k * step].
  const float *left;
  int64_t row, step;
  Rows right;
  // May be the same place; nothing is read where `by` is 0: what is forgotten is forgotten even if it is not finite.
  const float *from;
  float *to;
  int64_t stride;
  float by;
} Product;

// Which steps a row takes: all; up to the one of its own number; from that one on. The others are left out, not multiplied by zero: a NaN
// cannot reach what does not depend on it.
enum { ALL, UP_TO, FROM };

INLINE void steps_of(const int R, const int Z, const Product *p, int64_t r0, int64_t c0, int64_t k, int64_t end, Vec sums[8][4]) {
  const float *left = p->left + r0 * p->row + k * p->step, *right = row_of(p->right, k) + c0;
  for (; k < end; k++, left += p->step, right += p->right.stride) {
    Vec row[4];
    UNROLL for (int z = 0; z < Z; z++) {
      row[z] = load(right + z * LANES);
      HOLD(row[z]);
    }
    UNROLL for (int r = 0; r < R; r++) {
      Vec factor = splat(left[r * p->row]);
      HOLD(factor);
      UNROLL for (int z = 0; z < Z; z++) sums[r][z] = madd(factor, row[z], sums[r][z]);
    }
  }
}

// The steps whose numbers are those of the tile's own rows.
INLINE void corner(const int R, const int Z, const int which, const Product *p, int64_t r0, int64_t c0, Vec sums[8][4]) {
  UNROLL for (int k = 0; k < R; k++) UNROLL for (int r = 0; r < R; r++) if (which == UP_TO ? k <= r : k >= r) {
    const Vec factor = splat(p->left[(r0 + r) * p->row + (r0 + k) * p->step]);
    UNROLL for (int z = 0; z < Z; z++) sums[r][z] = madd(factor, load(row_of(p->right, r0 + k) + c0 + z * LANES), sums[r][z]);
  }
}

INLINE void tile(const int R, const int Z, const int which, const Product *p, int64_t r0, int64_t c0, int64_t steps) {
  Vec sums[8][4];
  const int64_t at = r0 * p->stride + c0;
  if (p->by == 0) {
    UNROLL for (int r = 0; r < R; r++) UNROLL for (int z = 0; z < Z; z++) sums[r][z] = (Vec){0};
  } else {
    const Vec by = splat(p->by);
    UNROLL for (int r = 0; r < R; r++) UNROLL for (int z = 0; z < Z; z++)
      sums[r][z] = by * load(p->from + at + r * p->stride + z * LANES);
  }
  if (which == ALL) steps_of(R, Z, p, r0, c0, 0, steps, sums);
  if (which == UP_TO) steps_of(R, Z, p, r0, c0, 0, r0, sums);
  if (which != ALL) corner(R, Z, which, p, r0, c0, sums);
  if (which == FROM) steps_of(R, Z, p, r0, c0, r0 + R, steps, sums);
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int z = 0; z < Z; z++) store(p->to + at + r * p->stride + z * LANES, sums[r][z]);
}

// Columns of Z vectors through all rows, R at a time.
INLINE void rows_through(const int R, const int Z, const int which, const Product *p, int64_t rows, int64_t c0, int64_t steps) {
  int64_t r = 0;
  for (; r + R <= rows; r += R) tile(R, Z, which, p, r, c0, steps);
  for (; which == ALL && r < rows; r++) tile(1, Z, ALL, p, r, c0, steps);
}

// Vectors of a tile of four rows, enough to keep the multiply-adds busy; what is left goes one by one, eight rows at a time.
enum { TILE_VECTORS = REGISTERS == 32 ? 4 : 2 };

INLINE void product(const int which, const Product *p, int64_t rows, int64_t columns, int64_t steps) {
  int64_t c = 0;
  for (; c + TILE_VECTORS * LANES <= columns; c += TILE_VECTORS * LANES) rows_through(4, TILE_VECTORS, which, p, rows, c, steps);
  for (; c < columns; c += LANES) rows_through(8, 1, which, p, rows, c, steps);
}

APART void multiply(Product p, int64_t rows, int64_t columns, int64_t steps) { product(ALL, &p, rows, columns, steps); }
// Of a chunk's tokens: row t takes the tokens s <= t, or row s the tokens t >= s.
APART void multiply_up_to(Product p, int64_t columns) { product(UP_TO, &p, CHUNK, columns, CHUNK); }
APART void multiply_from(Product p, int64_t columns) { product(FROM, &p, CHUNK, columns, CHUNK); }
