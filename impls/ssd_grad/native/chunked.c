// The backward of the chunked form, in chunks of 16 tokens and blocks of 128 (../README.md has the mathematics, numbered as here):
// 1. states at the borders of blocks, 2. their gradients there, 3. every block on its own, 4. sums over tokens.
//
// Only states at borders are kept; those in front of chunks are made again where they are needed. Rows are padded with zeros to whole
// vectors, a chunk to 16 tokens that neither decay nor add.
#include "block.h"
#include "../../recurrence/native/steps.h"

// 4. Of one head: the sums over all blocks, in their order.
static void sums(const void *args, int64_t head, int64_t thread) {
  const Args *a = args;
  const int64_t width = wide(a);
  float *skip = a->scratch + thread * a->scratchFloats, rate = 0, bias = 0;
  memset(skip, 0, 4 * width);
  for (int64_t b = 0; b < a->batch; b++)
    for (int64_t block = 0; block < blocks_of(a); block++) {
      const Parts parts = parts_of(a, b, block, head);
      rate += *parts.rate;
      bias += *parts.bias;
      add_to(skip, parts.skip, width);
    }
  if (a->perHead) a->dlogA[head] = rate;
  if (a->ddtBias) a->ddtBias[head] = bias;
  if (!a->dD) return;
  float total = 0;
  for (int64_t p = 0; p < a->headDim; p++) {
    if (!a->skipPerHead) a->dD[head * a->headDim + p] = skip[p];
    total += skip[p];
  }
  if (a->skipPerHead) a->dD[head] = total;
}

void kernel(const void *args) {
  const Args made = stepped(args);
  share(borders, &made, 2 * made.batch * made.heads, made.threads);
  share(block, &made, made.batch * made.groups * blocks_of(&made), made.threads);
  share(sums, &made, made.heads, made.threads);
}
