// What the machine can do at most, on as many threads as the rows that it holds for.
#include "../exp.h"
#include "../runtime.h"

typedef struct {
  float *memory;
  // Of one task and each half of the copy.
  int64_t bytes;
  // Index in WORK of ceilings.ts.
  int64_t work;
  int64_t rounds, tasks, threads;
} Args;

enum { MULTIPLY_ADDS, EXPS, COPY, CACHED_COPY };
enum { CHAINS = REGISTERS == 32 ? 24 : 12, CACHED_BYTES = 4096 };

// Results land here so that no compiler can drop a loop; nobody reads them.
static _Thread_local volatile float sink;
// Told to nobody: what it holds cannot be worked out while compiling.
static volatile float some = 0.5f;

static void multiply_adds(int64_t rounds) {
  Vec sums[CHAINS], factor = splat(some), term = splat(some);
  UNROLL for (int i = 0; i < CHAINS; i++) sums[i] = splat(some);
  HOLD(factor);
  HOLD(term);
  for (int64_t i = 0; i < rounds; i++) {
    UNROLL for (int k = 0; k < CHAINS; k++) {
      sums[k] = madd(sums[k], factor, term);
      HOLD(sums[k]);
    }
  }
  Vec all = sums[0];
  UNROLL for (int k = 1; k < CHAINS; k++) all += sums[k];
  sink = sum_of(all);
}

static void exps(int64_t rounds) {
  Vec values[4];
  UNROLL for (int k = 0; k < 4; k++) values[k] = splat(some * k);
  for (int64_t i = 0; i < rounds; i++) {
    UNROLL for (int k = 0; k < 4; k++) {
      HOLD(values[k]);
      values[k] = exp2_of(values[k]);
    }
  }
  sink = sum_of(values[0] + values[1] + values[2] + values[3]);
}

static void cached_copy(int64_t rounds) {
  static _Thread_local float halves[2][CACHED_BYTES / 4] __attribute__((aligned(64)));
  for (int64_t i = 0; i < rounds; i++) {
    for (int k = 0; k < CACHED_BYTES / 4; k += LANES) store(&halves[1][k], load(&halves[0][k]));
    __asm__ volatile("" : : "r"(halves) : "memory");
  }
}

static void measure(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  (void)thread;
  switch (a->work) {
    case MULTIPLY_ADDS: multiply_adds(a->rounds); break;
    case EXPS: exps(a->rounds); break;
    case COPY: {
      char *half = (char *)a->memory + 2 * task * a->bytes;
      memcpy(half + a->bytes, half, a->bytes);
      break;
    }
    default: cached_copy(a->rounds);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(measure, args, a->tasks, a->threads);
}
