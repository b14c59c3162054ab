// The chunked form: ssd's tiles between a rotation of keys and queries and the weights of the trapezoid. A block's turned rows stay in a
// cache of the thread that reads them.
#include "../../engines/native/vector.h"

// Tensors in C order, 0 for an absent input. The first lines are what ssd's kernels know: X is V, dt what a token weighs in later outputs,
// D that of each channel, initialState with what the first token adds of the one before it, groups as many as heads.
typedef struct {
  const float *X, *logA, *B, *C, *D, *z;
  float *dt, *initialState;
  float *Y, *finalState;
  int64_t batch, length, heads, groups, headDim, state;
  int64_t span, runs;
  int64_t threads;
  float *scratch;
  int64_t scratchFloats;
  const float *Q, *K, *step, *trap, *angles, *biasQ, *biasK, *skip;
  const float *initialAngles, *carriedState, *initialK, *initialV;
  float *finalAngles, *finalK, *finalV;
  // Weights of tokens in their own outputs; D of each channel.
  float *own, *wideD;
  int64_t keyGroups, pairs;
} Args;
#define ARGS_STATED
#include "../../ssd/native/scores.h"
#include "../../ssd/native/walk.h"
#include "turn.h"

// Behind ssd's work and its spare rows: turned queries and keys of a block, then the angles of the task's heads, padded to whole vectors.
INLINE float *turned_of(const Args *a, Work *w) { return spare_of(w) + 2 * CHUNK * a->state; }
INLINE int64_t angles_of(const Args *a) { return padded_to_vectors(a->pairs); }
INLINE double *sums_of_head(const Args *a, Work *w, int64_t head) {
  return (double *)(turned_of(a, w) + 2 * BLOCK * a->state) + head * angles_of(a);
}

// The diagonal of a block's weights: what a token counts in its own output.
APART void own_weights(const Args *a, int64_t row, int64_t count, int64_t head, Work *w) {
  float own[CHUNK][CHUNKS] __attribute__((aligned(64)));
  gather(a->own + row * a->heads + head, a->heads, count, 0, own);
  for (int c = 0; c < CHUNKS; c += LANES)
    UNROLL for (int t = 0; t < CHUNK; t++)
      store(&w->weights[pair(t, t)][c], load(&own[t][c]) * load(&w->scores[pair(t, t)][c]));
}

// What a sequence hands on beside its state.
APART void hand_on(const Args *a, int64_t row, int64_t head, const double *sums, const float *key) {
  const int64_t at = row / a->length * a->heads + head;
  for (int64_t j = 0; j < a->pairs; j++) {
    const double turns = sums[j] < 0 ? sums[j] + 1 : sums[j];
    a->finalAngles[at * a->pairs + j] = (float)(turns * 0x1.921fb54442d18p2);
  }
  memcpy(a->finalK + at * a->state, key, 4 * a->state);
  memcpy(a->finalV + at * a->headDim, a->X + (row * a->heads + head) * a->headDim, 4 * a->headDim);
}

static void prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work) {
  if (slice.head == before.head) return;
  Work *w = work;
  float *Q = turned_of(a, w), *K = Q + BLOCK * a->state;
  double *sums = sums_of_head(a, w, slice.head);
  const int64_t group = slice.head / (a->heads / a->keyGroups), bias = slice.head * a->state;
  for (int64_t t = 0; t < count; t++) {
    const int64_t token = (row + t) * a->heads + slice.head, from = ((row + t) * a->keyGroups + group) * a->state;
    turn_row(a->Q + from, a->K + from, a->biasQ + bias, a->biasK + bias, a->angles + token * a->pairs, sums, 0.5 * a->step[token], a->state,
             a->pairs, Q + t * a->state, K + t * a->state);
  }
  block_scores((Rows){Q, a->state}, (Rows){K, a->state}, count, a->state, w);
  head_weights(a, row, count, slice.head, w);
  own_weights(a, row, count, slice.head, w);
  const int64_t last = row + count - 1;
  // of the tasks that share a head one hands it on
  if (slice.channel == 0 && (last + 1) % a->length == 0) hand_on(a, last, slice.head, sums, K + (count - 1) * a->state);
}

static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work) {
  Work *w = work;
  const float *Q = turned_of(a, w);
  return walk_rows(a, row, count, slice, (Rows){Q, a->state}, (Rows){Q + BLOCK * a->state, a->state}, S, scale, w);
}

static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  Work *w = (Work *)(a->scratch + thread * a->scratchFloats);
  const int64_t b = index / a->runs, angles = angles_of(a);
  for (int64_t h = 0; h < a->heads; h++) {
    double *sums = sums_of_head(a, w, h);
    memset(sums, 0, 8 * angles);
    for (int64_t j = 0; a->initialAngles && j < a->pairs; j++) {
      const double turns = a->initialAngles[(b * a->heads + h) * a->pairs + j] / 0x1.921fb54442d18p2;
      sums[j] = turns - ((turns + WHOLE) - WHOLE) + 6 - 6;
    }
  }
  const int64_t own = sizeof(Work) / 4 + 2 * CHUNK * a->state + 2 * BLOCK * a->state + 2 * a->heads * angles;
  walk_slices(a, index, thread, own, prepare, walk_block);
}

// dt / (1 + e^-x): lambda dt with x = trap, (1 - lambda) dt with -trap, neither of which cancels.
INLINE Vec half(Vec dt, Vec x) { return dt / (splat(1) + exp_of(-x)); }

// Weights of a sequence's tokens, D of each channel, and the states that the first tokens see. Tasks: sequences.
static void weigh(const void *args, int64_t b, int64_t thread) {
  (void)thread;
  const Args *a = args;
  const int64_t at = b * a->length * a->heads, total = a->length * a->heads;
  for (int64_t i = 0; i < total; i += LANES) {
    const int64_t left = total - i, added = left - a->heads;
    const Vec own = half(load_some(a->step + at + i, left), load_some(a->trap + at + i, left));
    Vec later = own;
    // of the last token nothing is added later: it is handed on
    if (added > 0) later += half(load_some(a->step + at + i + a->heads, added), -load_some(a->trap + at + i + a->heads, added));
    store_some(a->own + at + i, own, left);
    store_some(a->dt + at + i, later, left);
  }
  for (int64_t i = 0; b == 0 && a->skip && i < a->heads * a->headDim; i++) a->wideD[i] = a->skip[i / a->headDim];
  for (int64_t i = b * a->heads * a->headDim; a->carriedState && i < (b + 1) * a->heads * a->headDim; i++) {
    const int64_t head = i / a->headDim, h = head % a->heads;
    float late[LANES];
    store(late, half(splat(a->step[at + h]), splat(-a->trap[at + h])));
    const float x = late[0] * a->initialV[i];
    for (int64_t n = 0; n < a->state; n++)
      a->initialState[i * a->state + n] = a->carriedState[i * a->state + n] + x * a->initialK[head * a->state + n];
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(weigh, a, a->batch, a->threads);
  share(task, a, a->batch * a->runs, a->threads);
}
