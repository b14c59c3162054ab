// The gated norm backward: vectors of a group's channels, whose values stay in the nearest cache between the passes over them.
#include "../../../engines/native/exp.h"
#include "../../../engines/native/runtime.h"

#include <math.h>
#include <stdbool.h>

// Tensors in C order, (rows, channels) each, 0 for an absent one: z and dz of a gate, plus for what is added to dX.
typedef struct {
  const float *X, *weight, *z, *dY, *plus;
  float *dX, *dz, *dweight;
  int64_t rows, channels, size;
  int64_t normBeforeGate;
  double eps;
  // Rows that a task takes, and their sums for dweight: (tasks, channels).
  int64_t span;
  float *parts;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

INLINE int64_t tasks_of(const Args *a) { return (a->rows + a->span - 1) / a->span; }

// One group of one row: `at` is its first value, `channel` its first weight, `sums` those of the task from that channel on.
static void group(const Args *a, int64_t at, int64_t channel, float *sums, float *normed, float *back) {
  const bool first = a->z && !a->normBeforeGate, last = a->z && a->normBeforeGate;
  const int64_t size = a->size;
  // 1. what is normed
  Vec squares = splat(0);
  for (int64_t i = 0; i < size; i += LANES) {
    Vec value = load_some(a->X + at + i, size - i);
    if (first) value *= silu(load_some(a->z + at + i, size - i));
    store_some(normed + i, value, size - i);
    squares = madd(value, value, squares);
  }
  const float inverse = 1 / sqrtf(sum_of(squares) / (float)size + (float)a->eps);
  // 2. the gate where it comes last, the weight, and what of the cotangent lies along the normed numbers
  Vec along = splat(0);
  for (int64_t i = 0; i < size; i += LANES) {
    const int64_t count = size - i;
    const Vec unit = load_some(normed + i, count) * splat(inverse), w = load_some(a->weight + channel + i, count);
    Vec g = load_some(a->dY + at + i, count);
    if (last) {
      const Vec z = load_some(a->z + at + i, count);
      store_some(a->dz + at + i, g * unit * w * silu_slope(z), count);
      g *= silu(z);
    }
    store_some(sums + i, madd(g, unit, load_some(sums + i, count)), count);
    g *= w;
    along = madd(g, unit, along);
    store_some(back + i, g, count);
  }
  // 3. the root: a number moves the mean of its group; the gate where it comes first
  const Vec share = splat(sum_of(along) / (float)size);
  for (int64_t i = 0; i < size; i += LANES) {
    const int64_t count = size - i;
    const Vec unit = load_some(normed + i, count) * splat(inverse);
    Vec g = (load_some(back + i, count) - share * unit) * splat(inverse);
    if (first) {
      const Vec z = load_some(a->z + at + i, count);
      store_some(a->dz + at + i, g * load_some(a->X + at + i, count) * silu_slope(z), count);
      g *= silu(z);
    }
    if (a->plus) g += load_some(a->plus + at + i, count);
    store_some(a->dX + at + i, g, count);
  }
}

// Tasks: runs of rows.
static void run_of_rows(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t last = (task + 1) * a->span < a->rows ? (task + 1) * a->span : a->rows;
  float *sums = a->parts + task * a->channels, *normed = a->scratch + thread * a->scratchFloats, *back = normed + a->size;
  memset(sums, 0, 4 * a->channels);
  for (int64_t row = task * a->span; row < last; row++)
    for (int64_t c = 0; c < a->channels; c += a->size) group(a, row * a->channels + c, c, sums + c, normed, back);
}

// Tasks: vectors of channels, whose sums are added up in the order of rows.
static void weights(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t c = task * LANES, left = a->channels - c;
  (void)thread;
  Vec total = splat(0);
  for (int64_t i = 0; i < tasks_of(a); i++) total += load_some(a->parts + i * a->channels + c, left);
  store_some(a->dweight + c, total, left);
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_rows, a, tasks_of(a), a->threads);
  share(weights, a, (a->channels + LANES - 1) / LANES, a->threads);
}
