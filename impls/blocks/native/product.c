// C = A W^T (+ C), then + bias, then + what else is added to it: weights as torch's Linear has them, rows of A are tokens, rows of W what
// each gives. For many tokens W is laid out in panels of rows side by side, in every run, and tiles of six tokens by a panel keep their
// sums in registers; for a few it is read where it lies, once. Backward A or W, or both, lie turned around.
#include "../../engines/native/products.h"
#include "../../engines/native/runtime.h"
#include "../../engines/native/transpose.h"

typedef struct {
  // bias (columns) and plus (rows of C): 0 where there is none. They are added to whole sums, so that each costs one rounding.
  const float *A, *W, *bias, *plus;
  float *C;
  // Tokens, sums of each, and terms of a sum.
  int64_t rows, columns, terms;
  // Floats from a row to the next, and from a term of A to the next.
  int64_t rowA, termA, rowW, rowC;
  // Whether W lies turned around, (terms, columns): then rowW is from a term to the next.
  int64_t turnedW;
  // Tokens of a task.
  int64_t run;
  // Whether the sums go on from what C holds.
  int64_t adds;
  // W in panels, [panel][term][PANEL].
  float *panels;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Sums of a tile's row. Terms that pass while a tile's sums stay in registers: the panel's stay in the second cache meanwhile. Up to how
// many tokens are few, and rows of W that a task takes then.
enum { PANEL = WIDEST * LANES, TERMS = 512, FEW = 8, FEW_ROWS = 4 * LANES };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// 1. A panel: rows of W become columns; those that are not there are zeros.
static void lay_out(const void *args, int64_t panel, int64_t thread) {
  const Args *a = args;
  const int64_t first = panel * PANEL, count = least(a->columns - first, PANEL);
  float *to = a->panels + first * a->terms;
  (void)thread;
  if (count < PANEL) memset(to, 0, 4 * PANEL * a->terms);
  if (a->turnedW)
    for (int64_t k = 0; k < a->terms; k++) memcpy(to + k * PANEL, a->W + k * a->rowW + first, 4 * count);
  else transpose_rows(a->W + first * a->rowW, a->rowW, count, a->terms, to, PANEL);
}

// Up to six tokens and a panel whose sums are no whole vectors of C: they are made aside.
APART void sum_aside(SumTile *tile, Factors f, int64_t rows, int64_t columns, int64_t from, int64_t to, bool fresh) {
  float aside[SIX * PANEL] __attribute__((aligned(64)));
  float *C = f.C;
  for (int64_t i = 0; i < rows && !fresh; i++)
    for (int64_t c = 0; c < columns; c += LANES) store(aside + i * PANEL + c, load_some(C + i * f.rowC + c, columns - c));
  const int64_t stride = f.rowC;
  f.C = aside, f.rowC = PANEL;
  tile(&f, 0, from, to, fresh);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t c = 0; c < columns; c += LANES) store_some(C + i * stride + c, load(aside + i * PANEL + c), columns - c);
}

// 3. Of some whole sums of a token.
INLINE Vec finished(const Args *a, Vec sum, int64_t row, int64_t column, int64_t count) {
  if (a->bias) sum += load_some(a->bias + column, count);
  if (a->plus) sum += load_some(a->plus + row * a->rowC + column, count);
  return sum;
}

// 2. Tasks: (run of tokens, panel).
static void multiply(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t panels = ratio_up(a->columns, PANEL), panel = task % panels, column = panel * PANEL;
  const int64_t columns = least(a->columns - column, PANEL), vectors = ratio_up(columns, LANES);
  const int64_t first = task / panels * a->run, last = least(first + a->run, a->rows);
  const bool whole = columns % LANES == 0;
  (void)thread;
  for (int64_t from = 0; from < a->terms; from += TERMS) {
    const int64_t to = least(from + TERMS, a->terms);
    const bool fresh = from == 0 && !a->adds;
    for (int64_t row = first; row < last;) {
      const bool six = last - row >= SIX;
      SumTile *tile = (six ? sum_six_rows : sum_one_row)[vectors];
      const Factors f = {
        .A = a->A + row * a->rowA, .row = a->rowA, .term = a->termA,
        .B = a->panels + column * a->terms, .rowB = PANEL,
        .C = a->C + row * a->rowC + column, .rowC = a->rowC,
      };
      if (whole) tile(&f, 0, from, to, fresh);
      else sum_aside(tile, f, six ? SIX : 1, columns, from, to, fresh);
      row += six ? SIX : 1;
    }
  }
  if (!a->bias && !a->plus) return;
  for (int64_t row = first; row < last; row++)
    for (int64_t c = 0; c < columns; c += LANES) {
      float *C = a->C + row * a->rowC + column + c;
      store_some(C, finished(a, load_some(C, columns - c), row, column + c, columns - c), columns - c);
    }
}

// A few tokens. Tasks: runs of rows of W; as many of them as lanes meet a token side by side, those behind the end being the last one.
static void multiply_few(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t last = least((task + 1) * FEW_ROWS, a->columns);
  (void)thread;
  for (int64_t column = task * FEW_ROWS; column < last; column += LANES) {
    const int64_t count = last - column;
    const float *W[LANES];
    UNROLL for (int i = 0; i < LANES; i++) W[i] = a->W + (column + least(i, count - 1)) * a->rowW;
    for (int64_t row = 0; row < a->rows; row++) {
      const float *A = a->A + row * a->rowA;
      float *C = a->C + row * a->rowC + column;
      Vec sums[LANES];
      UNROLL for (int i = 0; i < LANES; i++) sums[i] = (Vec){0};
      for (int64_t k = 0; k < a->terms; k += LANES) {
        const int64_t left = a->terms - k;
        const Vec x = load_some(A + k, left);
        UNROLL for (int i = 0; i < LANES; i++) sums[i] = madd(x, load_some(W[i] + k, left), sums[i]);
      }
      const Vec before = a->adds ? load_some(C, count) : (Vec){0};
      store_some(C, finished(a, before + sums_of(sums), row, column, count), count);
    }
  }
}

void kernel(const void *args) {
  const Args *a = args;
  const int64_t panels = ratio_up(a->columns, PANEL);
  if (a->rows <= FEW && a->termA == 1 && !a->turnedW) {
    share(multiply_few, a, ratio_up(a->columns, FEW_ROWS), a->threads);
    return;
  }
  share(lay_out, a, panels, a->threads);
  share(multiply, a, ratio_up(a->rows, a->run) * panels, a->threads);
}
