// The recurrent form, equation (1), some tokens a pass over the state: each element of it is loaded once, takes the tokens one after the
// other, gives its part to the output of each, and is stored once. The state lies as [n][p], lanes are channels; it is kept scaled as in
// the chunked form, so that a weak decay costs no product an element.
#include "../../engines/native/vector.h"
#define SLICE_VECTORS 2
#include "decode.h"
#include "sequence.h"
#include "../../recurrence/native/steps.h"

// Tokens of a pass: their inputs and outputs and a row of the state, two vectors each, stay in registers.
enum { TOKENS = REGISTERS == 32 ? 4 : 2 };

typedef struct {
  // Of a head's tokens in a block; those behind its end neither decay nor add.
  float decays[BLOCK], steps[BLOCK];
  // Outputs of a pass, padded to vectors.
  float Y[TOKENS][SLICE];
} __attribute__((aligned(64))) Work;

// Behind the work: rows of B and C for tokens that are not there.
INLINE float *zeros_of(Work *w) { return (float *)(w + 1); }

// A few tokens of one slice: rows of X (weighted, padded to vectors), of B and of C, and what each one's state keeps of the one before.
typedef struct {
  float X[TOKENS][SLICE] __attribute__((aligned(64)));
  const float *B[TOKENS], *C[TOKENS];
  float decays[TOKENS];
} Pass;

// All elements of the state take the tokens, and their outputs land in Y. Without `decays` the state keeps all it had. A decay of 0 drops
// it, NaN and all: 0 times NaN would not be 0.
INLINE void pass(const int Z, const bool decays, const Pass *p, float Y[TOKENS][SLICE], float *S, int64_t state) {
  Vec x[TOKENS][2], y[TOKENS][2], kept[TOKENS];
  Bits lives[TOKENS];
  const float *b[TOKENS], *c[TOKENS];
  UNROLL for (int t = 0; t < TOKENS; t++) {
    b[t] = p->B[t], c[t] = p->C[t];
    if (decays) kept[t] = splat(p->decays[t]), lives[t] = kept[t] != (Vec){0};
    UNROLL for (int z = 0; z < Z; z++) x[t][z] = load(&p->X[t][z * LANES]), y[t][z] = (Vec){0};
  }
  for (int64_t n = 0; n < state; n++, S += Z * LANES) {
    Vec s[2];
    UNROLL for (int z = 0; z < Z; z++) s[z] = load(S + z * LANES);
    UNROLL for (int t = 0; t < TOKENS; t++) {
      Vec in = splat(b[t][n]), out = splat(c[t][n]);
      HOLD(in);
      HOLD(out);
      UNROLL for (int z = 0; z < Z; z++) {
        if (decays) s[z] = (Vec)((Bits)(s[z] * kept[t]) & lives[t]);
        s[z] = madd(in, x[t][z], s[z]);
        y[t][z] = madd(out, s[z], y[t][z]);
      }
    }
    UNROLL for (int z = 0; z < Z; z++) store(S + z * LANES, s[z]);
  }
  UNROLL for (int t = 0; t < TOKENS; t++) UNROLL for (int z = 0; z < Z; z++) store(&Y[t][z * LANES], y[t][z]);
}

static void prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work) {
  Work *w = work;
  if (slice.head == before.head) return;
  const int64_t at = row * a->heads + slice.head;
  for (int64_t t = 0; t < BLOCK; t++) {
    w->decays[t] = t < count ? a->logA[at + t * a->heads] : 0;
    w->steps[t] = t >= count ? 0 : a->dt ? a->dt[at + t * a->heads] : 1;
  }
  for (int64_t t = 0; t < BLOCK; t += LANES) store(&w->decays[t], exp_of(load(&w->decays[t])));
}

// Scales of the state behind each token of a pass. @return whether all are such that the state may keep what it has
INLINE bool scales_of(const float *decays, float scale, float after[TOKENS]) {
  bool keeps = true;
  for (int t = 0; t < TOKENS; t++) {
    after[t] = scale *= decays[t];
    keeps = keeps && within_scale(scale);
  }
  return keeps;
}

// A slice of Z vectors.
INLINE float walk(const int Z, const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w) {
  const int64_t stride = a->heads * a->headDim, wide = a->groups * a->state, skip = slice.head * a->headDim + slice.channel;
  const bool past = streams(a, slice);
  for (int64_t first = 0; first < count; first += TOKENS) {
    const int64_t at = (row + first) * stride + skip, from = ((row + first) * a->groups + slice.group) * a->state;
    float after[TOKENS];
    const bool keeps = scales_of(w->decays + first, scale, after);
    Pass p;
    UNROLL for (int t = 0; t < TOKENS; t++) {
      const bool there = first + t < count;
      const Vec weight = splat(w->steps[first + t] * (keeps ? 1 / after[t] : 1));
      p.B[t] = there ? a->B + from + t * wide : zeros_of(w);
      p.C[t] = there ? a->C + from + t * wide : zeros_of(w);
      p.decays[t] = w->decays[first + t] * (t == 0 ? scale : 1);
      UNROLL for (int z = 0; z < Z; z++) {
        const float *X = a->X + at + t * stride + z * LANES;
        store(&p.X[t][z * LANES], there ? weight * load_some(X, slice.channels - z * LANES) : (Vec){0});
        FETCH_TO_READ(X + TOKENS * stride);
      }
    }
    if (keeps) pass(Z, false, &p, w->Y, S, a->state);
    else pass(Z, true, &p, w->Y, S, a->state);
    scale = keeps ? after[TOKENS - 1] : 1;
    UNROLL for (int t = 0; t < TOKENS; t++) UNROLL for (int z = 0; z < Z; z++) {
      if (first + t >= count) break;
      const int64_t p0 = z * LANES, to = at + t * stride + p0, left = slice.channels - p0;
      Vec y = splat(keeps ? after[t] : 1) * load(&w->Y[t][p0]);
      if (a->D || a->z) y = skip_and_gate(a, y, load_some(a->X + to, left), skip + p0, to, left);
      if (past) stream(a->Y + to, y);
      else store_some(a->Y + to, y, left);
    }
  }
  return scale;
}

#define WALK(name, Z)                                                                                                            \
  APART float name(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w) {                     \
    return walk(Z, a, row, count, slice, S, scale, w);                                                                           \
  }
WALK(walk1, 1)
WALK(walk2, 2)

static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work) {
  return (slice.channels > LANES ? walk2 : walk1)(a, row, count, slice, S, scale, work);
}

static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  if (a->length <= DECODE_LENGTH) {
    decode_slices(a, index);
    return;
  }
  memset(a->scratch + thread * a->scratchFloats + sizeof(Work) / 4, 0, 4 * a->state);
  walk_slices(a, index, thread, sizeof(Work) / 4 + a->state, prepare, walk_block);
}

void kernel(const void *args) {
  const Args made = stepped(args);
  share(task, &made, made.batch * made.runs, made.threads);
}
