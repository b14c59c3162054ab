// Feature maps of B and C that work on all numbers of a row at once: a layer norm without scale and shift, or the end of positive random
// features, whose products lie in P (impls/blocks/random-features.ts).
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

#include <math.h>

typedef struct {
  // (rows, state). P: 0 for a layer norm. Y is no other.
  const float *X, *P;
  float *Y;
  int64_t rows, state;
  // Of a layer norm.
  double eps;
  // Of random features: the share of a square, and the factor of all.
  double share, factor;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Of a task.
enum { NUMBERS = 1 << 13 };

INLINE int64_t rows_of_task(const Args *a) { return a->state < NUMBERS ? NUMBERS / a->state : 1; }

INLINE Vec squares_of(const float *x, int64_t state) {
  Vec sums = splat(0);
  for (int64_t n = 0; n < state; n += LANES) {
    const Vec v = load_some(x + n, state - n);
    sums = madd(v, v, sums);
  }
  return sums;
}

static void layer_norm(const Args *a, const float *x, float *y) {
  const int64_t state = a->state;
  Vec sums = splat(0);
  for (int64_t n = 0; n < state; n += LANES) sums += load_some(x + n, state - n);
  const Vec mean = splat(sum_of(sums) / (float)state);
  for (int64_t n = 0; n < state; n += LANES) store_some(y + n, load_some(x + n, state - n) - mean, state - n);
  const Vec inverse = splat(1 / sqrtf(sum_of(squares_of(y, state)) / (float)state + (float)a->eps));
  for (int64_t n = 0; n < state; n += LANES) store_some(y + n, load_some(y + n, state - n) * inverse, state - n);
}

static void random_features(const Args *a, const float *x, const float *products, float *y) {
  const int64_t state = a->state;
  const Vec square = splat((float)a->share * sum_of(squares_of(x, state))), factor = splat((float)a->factor);
  for (int64_t n = 0; n < state; n += LANES)
    store_some(y + n, exp_of(load_some(products + n, state - n) - square) * factor, state - n);
}

static void run_of_rows(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t end = (task + 1) * rows_of_task(a), last = end < a->rows ? end : a->rows;
  (void)thread;
  for (int64_t row = task * rows_of_task(a); row < last; row++) {
    const int64_t at = row * a->state;
    if (a->P) random_features(a, a->X + at, a->P + at, a->Y + at);
    else layer_norm(a, a->X + at, a->Y + at);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_rows, a, (a->rows + rows_of_task(a) - 1) / rows_of_task(a), a->threads);
}
