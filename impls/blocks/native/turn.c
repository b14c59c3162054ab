// Rotary positions: channel i of a head's first half and channel i of its second are turned together, in place.
#include "../../engines/native/runtime.h"
#include "../../engines/native/vector.h"

typedef struct {
  // (batch, length, heads, headDim)
  float *X;
  // (length, headDim / 2)
  const float *cos, *sin;
  int64_t batch, length, heads, headDim;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Of a task.
enum { TOKENS = 16 };

static void turn(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t half = a->headDim / 2, rows = a->batch * a->length, last = (task + 1) * TOKENS < rows ? (task + 1) * TOKENS : rows;
  (void)thread;
  for (int64_t row = task * TOKENS; row < last; row++)
    for (int64_t h = 0; h < a->heads; h++) {
      float *first = a->X + (row * a->heads + h) * a->headDim, *second = first + half;
      const float *cos = a->cos + row % a->length * half, *sin = a->sin + row % a->length * half;
      for (int64_t i = 0; i < half; i += LANES) {
        const int64_t left = half - i;
        const Vec x = load_some(first + i, left), y = load_some(second + i, left);
        const Vec c = load_some(cos + i, left), s = load_some(sin + i, left);
        store_some(first + i, madd(c, x, -(s * y)), left);
        store_some(second + i, madd(s, x, c * y), left);
      }
    }
}

void kernel(const void *args) {
  const Args *a = args;
  share(turn, a, (a->batch * a->length + TOKENS - 1) / TOKENS, a->threads);
}
