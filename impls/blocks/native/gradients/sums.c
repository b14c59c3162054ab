// Y[outer][column] = sum of X[outer][i][column] over i: gradients of biases, and of what heads or sequences share. Long sums are made of
// short ones, so that their roundings hardly grow with their length.
#include "../../../engines/native/runtime.h"
#include "../../../engines/native/vector.h"

typedef struct {
  const float *X;
  float *Y;
  int64_t outer, count, columns;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Terms of a short sum.
enum { SHORT = 64 };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Tasks: (outer, vector of columns).
static void sum(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t vectors = (a->columns + LANES - 1) / LANES, outer = task / vectors, c = task % vectors * LANES;
  const int64_t left = a->columns - c;
  const float *X = a->X + outer * a->count * a->columns + c;
  (void)thread;
  Vec total = splat(0);
  for (int64_t first = 0; first < a->count; first += SHORT) {
    Vec part = splat(0);
    for (int64_t i = first; i < least(first + SHORT, a->count); i++) part += load_some(X + i * a->columns, left);
    total += part;
  }
  store_some(a->Y + outer * a->columns + c, total, left);
}

void kernel(const void *args) {
  const Args *a = args;
  share(sum, a, a->outer * ((a->columns + LANES - 1) / LANES), a->threads);
}
