// Products of matrices in tiles of six rows by up to WIDEST vectors, whose sums stay in registers.
#pragma once
#include "vector.h"

#include <stdbool.h>

// SIX by WIDEST vectors of sums, WIDEST of a row and one factor fill the registers.
enum { SIX = 6, WIDEST = REGISTERS == 32 ? 4 : 2 };

// C[row][column] += A[row, k] B[k][column] for rows of whole vectors. Of A rows are `row` floats apart and terms `term`.
typedef struct {
  const float *A;
  int64_t row, term;
  const float *B;
  float *C;
  // Floats of a row of B and of C.
  int64_t rowB, rowC;
} Factors;

INLINE void sum_tile(const int R, const int Z, const Factors *f, int64_t z0, int64_t from, int64_t to, bool fresh) {
  Vec sums[SIX][WIDEST];
  float *C = f->C + z0;
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++)
    sums[i][z] = fresh ? splat(0) : load(C + i * f->rowC + z * LANES);
  const float *B = f->B + from * f->rowB + z0, *A[SIX];
  UNROLL for (int i = 0; i < R; i++) A[i] = f->A + i * f->row + from * f->term;
  const int64_t term = f->term, rowB = f->rowB;
  for (int64_t k = 0, at = 0; k < to - from; k++, at += term, B += rowB) {
    Vec b[WIDEST];
    UNROLL for (int z = 0; z < Z; z++) b[z] = load(B + z * LANES);
    UNROLL for (int i = 0; i < R; i++) {
      const Vec x = splat(A[i][at]);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(x, b[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(C + i * f->rowC + z * LANES, sums[i][z]);
}

typedef void SumTile(const Factors *f, int64_t z0, int64_t from, int64_t to, bool fresh);
#define SUM_TILE(R, Z)                                                                                \
  APART void sum_tile_##R##_##Z(const Factors *f, int64_t z0, int64_t from, int64_t to, bool fresh) { \
    sum_tile(R, Z, f, z0, from, to, fresh);                                                           \
  }
SUM_TILE(1, 1)
SUM_TILE(1, 2)
SUM_TILE(6, 1)
SUM_TILE(6, 2)
#if defined(__AVX2__) && !defined(__AVX512F__)
static SumTile *const sum_one_row[] = {0, sum_tile_1_1, sum_tile_1_2};
static SumTile *const sum_six_rows[] = {0, sum_tile_6_1, sum_tile_6_2};
#else
SUM_TILE(1, 3)
SUM_TILE(1, 4)
SUM_TILE(6, 3)
SUM_TILE(6, 4)
static SumTile *const sum_one_row[] = {0, sum_tile_1_1, sum_tile_1_2, sum_tile_1_3, sum_tile_1_4};
static SumTile *const sum_six_rows[] = {0, sum_tile_6_1, sum_tile_6_2, sum_tile_6_3, sum_tile_6_4};
#endif

// Terms [from, to) of some rows: of six, or of one.
INLINE void sum_rows(SumTile *const tiles[], const Factors *f, int64_t from, int64_t to, bool fresh) {
  if (!fresh && from >= to) return;
  for (int64_t z0 = 0; z0 < f->rowC; z0 += WIDEST * LANES) {
    const int64_t left = (f->rowC - z0) / LANES;
    tiles[left < WIDEST ? left : WIDEST](f, z0, from, to, fresh);
  }
}

// Six rows with terms of their own: what all have first, then what each has besides. Terms that a row has not are left out, not multiplied
// by zero.
static void sum_own_rows(const Factors *six, const int32_t *from, const int32_t *to) {
  int64_t common = from[0], end = to[0];
  for (int i = 1; i < SIX; i++) {
    if (from[i] > common) common = from[i];
    if (to[i] < end) end = to[i];
  }
  if (common < end) sum_rows(sum_six_rows, six, common, end, false);
  for (int64_t i = 0; i < SIX; i++) {
    Factors one = *six;
    one.A += i * six->row, one.C += i * six->rowC;
    if (common >= end) sum_rows(sum_one_row, &one, from[i], to[i], false);
    else {
      sum_rows(sum_one_row, &one, from[i], common, false);
      sum_rows(sum_one_row, &one, end, to[i], false);
    }
  }
}
