// The gated norm: vectors of a group's channels, twice over each group, whose values stay in the nearest cache.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

#include <math.h>
#include <stdbool.h>

// Tensors in C order, 0 for an absent input; README.md of the operator has the axes.
typedef struct {
  const float *X, *weight, *bias, *z;
  float *Y;
  int64_t batch, length, heads, groups, headDim;
  int64_t normBeforeGate;
  double eps;
  // Tokens that a task takes.
  int64_t span;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// One group of one token: `at` is its first value, `channel` its first weight.
static void group(const Args *a, int64_t at, int64_t channel, int64_t size) {
  const bool gateFirst = a->z && !a->normBeforeGate, gateLast = a->z && a->normBeforeGate;
  float *Y = a->Y + at;
  // 1. what is normed goes to Y where it is a product
  Vec sums = splat(0);
  for (int64_t i = 0; i < size; i += LANES) {
    Vec value = load_some(a->X + at + i, size - i);
    if (gateFirst) {
      value *= silu(load_some(a->z + at + i, size - i));
      store_some(Y + i, value, size - i);
    }
    sums = madd(value, value, sums);
  }
  const Vec inverse = splat(1 / sqrtf(sum_of(sums) / (float)size + (float)a->eps));
  // 2. norm, weight, bias; 3. the gate where it comes last
  const float *from = gateFirst ? Y : a->X + at;
  for (int64_t i = 0; i < size; i += LANES) {
    const int64_t count = size - i;
    Vec y = load_some(from + i, count) * inverse * load_some(a->weight + channel + i, count);
    if (a->bias) y += load_some(a->bias + channel + i, count);
    if (gateLast) y *= silu(load_some(a->z + at + i, count));
    store_some(Y + i, y, count);
  }
}

// Tasks: runs of tokens.
static void run_of_tokens(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t channels = a->heads * a->headDim, size = channels / a->groups, rows = a->batch * a->length;
  const int64_t last = (task + 1) * a->span < rows ? (task + 1) * a->span : rows;
  (void)thread;
  for (int64_t row = task * a->span; row < last; row++)
    for (int64_t c = 0; c < channels; c += size) group(a, row * channels + c, c, size);
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_tokens, a, (a->batch * a->length + a->span - 1) / a->span, a->threads);
}
