// Softmax and cross entropy of some rows of logits, which become the gradient of the mean loss to them.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

#include <math.h>

typedef struct {
  // (rows, classes)
  float *logits;
  // (rows): a class, or -1 for a row that is nobody's. (1): the share of a row in the mean.
  const float *targets, *share;
  // (rows): what each adds to the sum of losses, and whether its largest logit was the right one.
  float *losses, *correct;
  int64_t rows, classes;
  // Whether logits shall become gradients.
  int64_t gradients;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

static void one_row(const void *args, int64_t row, int64_t thread) {
  const Args *a = args;
  const int64_t classes = a->classes, target = (int64_t)a->targets[row];
  float *logits = a->logits + row * classes;
  (void)thread;
  a->losses[row] = a->correct[row] = 0;
  if (target < 0) {
    memset(logits, 0, 4 * classes);
    return;
  }
  // 1. the largest, and its first place
  float most = logits[0];
  int64_t v = 0;
  if (classes >= LANES) {
    Vec high = load(logits);
    for (v = LANES; v + LANES <= classes; v += LANES) high = larger(high, load(logits + v));
    most = largest_of(high);
  }
  for (; v < classes; v++) most = logits[v] > most ? logits[v] : most;
  int64_t first = 0;
  while (first < classes - 1 && logits[first] != most) first++;
  a->correct[row] = first == target;
  const float aimed = logits[target] - most;
  // 2. weights and their sum; long sums are made of short ones
  double sum = 0;
  for (int64_t from = 0; from < classes; from += 64 * LANES) {
    Vec part = splat(0);
    for (v = from; v < classes && v < from + 64 * LANES; v += LANES) {
      const int64_t left = classes - v;
      Vec w = exp_of(load_some(logits + v, left) - splat(most));
      store_some(logits + v, w, left);
      part += load_some(logits + v, left);
    }
    sum += sum_of(part);
  }
  a->losses[row] = (float)(log(sum) - aimed);
  if (!a->gradients) return;
  // 3. the gradient
  const float share = *a->share;
  const Vec factor = splat((float)(share / sum));
  for (v = 0; v < classes; v += LANES) store_some(logits + v, factor * load_some(logits + v, classes - v), classes - v);
  logits[target] -= share;
}

void kernel(const void *args) {
  const Args *a = args;
  share(one_row, a, a->rows, a->threads);
}
