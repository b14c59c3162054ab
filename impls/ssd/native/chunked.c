// The chunked form (section 6, listing 1) in chunks of eight tokens: y = g (C S) + (L o C B') X, then S <- D S + B' (w X). A chunk is so
// short because a processor without matrix units gains nothing by a longer one: what a token costs is the two products with the state.
//
// The state lies as [n][p], lanes are channels, and all products are tiles of 4 or 8 rows by up to 4 vectors whose sums stay in registers.
// Sixteen chunks are one block: their decays are worked out together, lanes being chunks, and the products of C with B are made once for
// all heads of a group.
#include "scores.h"
#include "../../recurrence/native/steps.h"
#include "walk.h"

// Rows of C or B of a block, for the heads of a group.
INLINE Rows rows_of(const Args *a, const float *from, int64_t row, int64_t group) {
  return (Rows){from + (row * a->groups + group) * a->state, a->groups * a->state};
}

static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work) {
  return walk_rows(a, row, count, slice, rows_of(a, a->C, row, slice.group), rows_of(a, a->B, row, slice.group), S, scale, work);
}

static void prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work) {
  Work *w = work;
  if (slice.group != before.group)
    block_scores(rows_of(a, a->C, row, slice.group), rows_of(a, a->B, row, slice.group), count, a->state, w);
  if (slice.head != before.head) head_weights(a, row, count, slice.head, w);
}

static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  walk_slices(a, index, thread, sizeof(Work) / 4 + 2 * CHUNK * a->state, prepare, walk_block);
}

void kernel(const void *args) {
  const Args made = stepped(args);
  share(task, &made, made.batch * made.runs, made.threads);
}
