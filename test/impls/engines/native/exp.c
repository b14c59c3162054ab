// The exponentials of exp.h, element by element.
#include "../../../../impls/engines/native/exp.h"
#include "../../../../impls/engines/native/runtime.h"

typedef struct {
  const float *from;
  float *to;
  // Index in FUNCTIONS of native.exp.test.ts.
  int64_t function;
  // A multiple of 16.
  int64_t count;
} Args;

enum { EXP, EXP2, EXP2_WITHIN, SOFTPLUS, SILU };

static Vec value_of(int64_t function, Vec x) {
  switch (function) {
    case EXP: return exp_of(x);
    case EXP2: return exp2_of(x);
    case EXP2_WITHIN: return exp2_within(x);
    case SOFTPLUS: return softplus(x);
    default: return silu(x);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  for (int64_t i = 0; i < a->count; i += LANES) store(a->to + i, value_of(a->function, load(a->from + i)));
}
