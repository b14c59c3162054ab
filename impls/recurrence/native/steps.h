// The step in front of the map: dt <- clamp(softplus(dt + dtBias)), logA = dt A where A is one number a head, and a log decay of -Infinity
// where a document begins: what was before is multiplied by exactly 0. A kernel has stated its `Args` before.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"
#include "rows.h"

// Of a task: whole vectors of tokens.
enum { STEP_TOKENS = 256 };

// Whether nothing from before token t of a sequence reaches it. @param id that of its document
INLINE bool anew(const float *id, int64_t t) { return t ? id[0] != id[-1] : id[0] != 0; }

static void steps(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const int64_t runs = ratio_up(a->length, STEP_TOKENS), b = index / runs, t0 = index % runs * STEP_TOKENS;
  const int64_t count = least(a->length - t0, STEP_TOKENS), row = b * a->length + t0, at = row * a->heads, total = count * a->heads;
  // Bias and A of as many tokens as lanes: vectors go over tokens and heads alike, and repeat after so many.
  const int64_t period = a->heads * LANES;
  float *bias = a->scratch + thread * a->scratchFloats, *A = bias + period;
  for (int64_t i = 0; i < period; i++) {
    bias[i] = a->dtBias ? a->dtBias[i % a->heads] : 0;
    A[i] = a->perHead ? a->logA[i % a->heads] : 0;
  }
  for (int64_t i = 0, j = 0; a->dt && i < total; i += LANES) {
    const int64_t left = total - i;
    Vec step = load_some(a->dt + at + i, left);
    if (a->dtMade) {
      step += load(bias + j);
      if (a->softplus) step = softplus(step);
      step = smaller(splat((float)a->dtMax), larger(splat((float)a->dtMin), step));
      store_some(a->dtMade + at + i, step, left);
    }
    if (a->perHead) store_some(a->logAMade + at + i, step * load(A + j), left);
    j = j + LANES == period ? 0 : j + LANES;
  }
  if (!a->documents) return;
  if (!a->perHead) memcpy(a->logAMade + at, a->logA + at, 4 * total);
  for (int64_t t = 0; t < count; t++)
    if (anew(a->documents + row + t, t0 + t))
      for (int64_t h = 0; h < a->heads; h++) a->logAMade[at + t * a->heads + h] = -__builtin_inff();
}

// The arguments of what follows, which reads what the step has made.
static Args stepped(const Args *a) {
  Args made = *a;
  if (a->logAMade || a->dtMade) share(steps, a, a->batch * ratio_up(a->length, STEP_TOKENS), a->threads);
  if (a->logAMade) made.logA = a->logAMade;
  if (a->dtMade) made.dt = a->dtMade;
  return made;
}
