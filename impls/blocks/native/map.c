// What a block does number by number between its kernels: Y = f(X), times or plus other numbers. X may be fewer than Y: a row of it
// again for each row of Y, or what lies beside each other again along a row, e.g. one number a head for each of its channels. Backward f is
// a slope, times what comes back and, of a gate, times what was gated.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

// Tensors in C order, 0 for an absent one; Y may be X.
typedef struct {
  const float *X, *times, *gated, *plus;
  float *Y;
  int64_t rows, columns;
  // Floats of X from a row to the next, 0 for one row; numbers after which X repeats along a row: `columns` where it does not.
  int64_t rowX, period;
  // Floats of Y from a row to the next.
  int64_t rowY;
  // One of those below.
  int64_t function;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// In the order of `FUNCTIONS` in ../functions.ts.
enum { COPY, MINUS_EXP, SILU, RELU, ELU1, SILU_SLOPE, RELU_SLOPE, ELU1_SLOPE, ONE };
enum { NUMBERS = 1 << 14 };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t rows_of_task(const Args *a) { return a->columns < NUMBERS ? NUMBERS / a->columns : 1; }

INLINE Vec value_of(const int f, Vec x) {
  if (f == MINUS_EXP) return -exp_of(x);
  if (f == SILU) return silu(x);
  // NaN stays
  if (f == RELU) return larger(splat(0), x);
  // elu(x) + 1
  if (f == ELU1) return larger(splat(0), x) + exp_of(smaller(splat(0), x));
  if (f == SILU_SLOPE) return silu_slope(x);
  if (f == RELU_SLOPE) return (Vec)((Bits)splat(1) & (Bits)(x > splat(0)));
  if (f == ONE) return splat(1);
  if (f == ELU1_SLOPE) return exp_of(smaller(splat(0), x));
  return x;
}

INLINE void rows(const int f, const Args *a, int64_t task) {
  const int64_t last = least((task + 1) * rows_of_task(a), a->rows);
  for (int64_t row = task * rows_of_task(a); row < last; row++)
    for (int64_t start = 0; start < a->columns; start += a->period)
      for (int64_t c = 0; c < a->period; c += LANES) {
        const int64_t at = row * a->columns + start + c, count = a->period - c;
        Vec y = value_of(f, load_some(a->X + row * a->rowX + c, count));
        if (a->times) y *= load_some(a->times + at, count);
        if (a->gated) y *= load_some(a->gated + at, count);
        if (a->plus) y += load_some(a->plus + at, count);
        store_some(a->Y + row * a->rowY + start + c, y, count);
      }
}

static void run_of_rows(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  (void)thread;
  switch (a->function) {
    case MINUS_EXP: rows(MINUS_EXP, a, task); break;
    case SILU: rows(SILU, a, task); break;
    case RELU: rows(RELU, a, task); break;
    case ELU1: rows(ELU1, a, task); break;
    case SILU_SLOPE: rows(SILU_SLOPE, a, task); break;
    case RELU_SLOPE: rows(RELU_SLOPE, a, task); break;
    case ELU1_SLOPE: rows(ELU1_SLOPE, a, task); break;
    case ONE: rows(ONE, a, task); break;
    default: rows(COPY, a, task);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_rows, a, (a->rows + rows_of_task(a) - 1) / rows_of_task(a), a->threads);
}
