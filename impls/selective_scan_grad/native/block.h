// A block of tokens: rows of its steps and of B and C, and what becomes of a strip of states while they pass, forwards and backwards.
#pragma once
#include "problem.h"

// Of a slice at the tokens of a block, [token][LANES]: delta and delta u; the cotangent of y; y; sums over states of h B and of h a s A.
typedef struct {
  float steps[BLOCK][LANES], inputs[BLOCK][LANES], g[BLOCK][LANES], Y[BLOCK][LANES], hB[BLOCK][LANES], hsA[BLOCK][LANES];
  // Of a strip at each token: decays, and what they leave of the state before.
  float decays[BLOCK][HELD][LANES], pasts[BLOCK][HELD][LANES];
  // Whether nothing from before a token reaches it.
  bool anew[BLOCK];
} __attribute__((aligned(64))) Rows;

// Tokens of one sequence, and the slice that they meet.
typedef struct {
  Rows *rows;
  int64_t b, first, count;
  // Rows of B and C, [token][padded]; what their gradients sum to in a part, [token][strip][SUMS].
  float *B, *C, *sums;
  Slice slice;
} Block;

INLINE Vec size_of(Vec x) { return larger(x, -x); }
INLINE bool all_below(Vec x, float limit) {
  const Bits below = (Bits)(x <= splat(limit));
  int all = 1;
  for (int i = 0; i < LANES; i++) all &= below[i] != 0;
  return all;
}
// Lanes of one where a condition holds, else of the other.
INLINE Vec choose(Bits condition, Vec yes, Vec no) { return (Vec)((condition & (Bits)yes) | (~condition & (Bits)no)); }

static void copy_rows(const Args *a, const float *from, int64_t count, float *to) {
  const int64_t width = padded(a);
  for (int64_t t = 0; t < count; t++, from += a->groups * a->state, to += width) {
    memcpy(to, from, 4 * a->state);
    memset(to + a->state, 0, 4 * (width - a->state));
  }
}

// 0. The tokens of block `index` of a sequence: B and C of a group, and where documents begin.
static Block open_block(const Args *a, Rows *rows, const Part *part, int64_t index) {
  Block k = {.rows = rows, .b = part->b, .first = index * BLOCK, .count = least(BLOCK, a->length - index * BLOCK)};
  k.B = (float *)(rows + 1), k.C = k.B + BLOCK * padded(a);
  const int64_t row = k.b * a->length + k.first, from = (row * a->groups + part->group) * a->state;
  if (!a->constantB) copy_rows(a, a->B + from, k.count, k.B);
  if (!a->constantC) copy_rows(a, a->C + from, k.count, k.C);
  for (int64_t t = 0; t < k.count; t++) {
    const float *id = a->documents + row + t;
    rows->anew[t] = k.first + t > 0 ? a->documents && id[0] != id[-1] : !a->initialState || (a->documents && id[0] != 0);
  }
  return k;
}

INLINE int64_t first_row(const Args *a, const Block *k) {
  return (k->b * a->length + k->first) * width_of(a) + k->slice.channel;
}

INLINE Vec raw_step(const Args *a, const Slice *s, int64_t at) {
  const Vec raw = load_some(a->delta + at, s->channels);
  return a->deltaBias ? raw + load_some(a->deltaBias + s->channel, s->channels) : raw;
}

// 1. Time steps of a block, and delta u. @return whether all its decays are tame
static bool block_steps(const Args *a, const Block *k) {
  const Slice *s = &k->slice;
  Vec most = splat(0);
  int64_t at = first_row(a, k);
  for (int64_t t = 0; t < k->count; t++, at += width_of(a)) {
    Vec step = raw_step(a, s, at);
    if (a->softplus) step = softplus(step);
    store(k->rows->steps[t], step);
    store(k->rows->inputs[t], step * load_some(a->u + at, s->channels));
    // a NaN is passed over: every exponential hands it on
    most = larger(size_of(step), most);
  }
  return all_below(most * load(s->most), TAME);
}

// 2. s <- exp(delta A) s + delta u B for a strip; on the way back decays and pasts are kept.
INLINE void advance(const bool keeps, const bool tame, const bool constantB, const Block *k, int64_t n, Vec S[HELD], int64_t padded) {
  const float *A = k->slice.A + n * LANES, *b = constantB ? k->slice.B + n * LANES : k->B + n;
  for (int64_t t = 0; t < k->count; t++) {
    Vec pace = load(k->rows->steps[t]);
    const Vec input = load(k->rows->inputs[t]);
    if (SELDOM(k->rows->anew[t])) {
      // no decay, that none can be infinite: infinity times 0 is no past
      pace = splat(0);
      UNROLL for (int i = 0; i < HELD; i++) S[i] = splat(0);
    }
    UNROLL for (int i = 0; i < HELD; i++) {
      const Vec octaves = pace * load(A + i * LANES), decay = tame ? exp2_within(octaves) : exp2_of(octaves), past = decay * S[i];
      if (keeps) store(k->rows->decays[t][i], decay), store(k->rows->pasts[t][i], past);
      S[i] = madd(input, constantB ? load(b + i * LANES) : splat(b[i]), past);
    }
    if (!constantB) b += padded;
  }
}

// 3. Back through a strip: h <- C g + (a h of the token behind); what it gives to B, C, A, delta and u.
INLINE void retreat(const bool constantB, const bool constantC, const Block *k, int64_t n, int64_t padded) {
  const Slice *s = &k->slice;
  Rows *rows = k->rows;
  const float *A = s->A + n * LANES;
  Vec H[HELD], dA[HELD];
  UNROLL for (int i = 0; i < HELD; i++) H[i] = load(s->S + (n + i) * LANES), dA[i] = load(s->dA + (n + i) * LANES);
  for (int64_t t = k->count - 1; t >= 0; t--) {
    const float *b = constantB ? s->B + n * LANES : k->B + t * padded + n, *c = constantC ? s->C + n * LANES : k->C + t * padded + n;
    const Vec step = load(rows->steps[t]), input = load(rows->inputs[t]), g = load(rows->g[t]);
    Vec y = n ? load(rows->Y[t]) : splat(0), hB = n ? load(rows->hB[t]) : splat(0), hsA = n ? load(rows->hsA[t]) : splat(0);
    Vec both[SUMS];
    UNROLL for (int i = 0; i < HELD; i++) {
      const Vec C = constantC ? load(c + i * LANES) : splat(c[i]), B = constantB ? load(b + i * LANES) : splat(b[i]);
      const Vec past = load(rows->pasts[t][i]), S = madd(input, B, past);
      H[i] = madd(g, C, H[i]);
      const Vec change = H[i] * past;
      y = madd(S, C, y);
      hB = madd(H[i], B, hB);
      hsA = madd(change, load(A + i * LANES), hsA);
      dA[i] = madd(step, change, dA[i]);
      both[i] = constantC ? splat(0) : g * S;
      both[HELD + i] = constantB ? splat(0) : input * H[i];
      if (constantC) store(s->dC + (n + i) * LANES, madd(g, S, load(s->dC + (n + i) * LANES)));
      if (constantB) store(s->dB + (n + i) * LANES, madd(input, H[i], load(s->dB + (n + i) * LANES)));
      H[i] *= load(rows->decays[t][i]);
    }
    if (SELDOM(rows->anew[t])) UNROLL for (int i = 0; i < HELD; i++) H[i] = splat(0);
    store(rows->Y[t], y), store(rows->hB[t], hB), store(rows->hsA[t], hsA);
    if (constantB && constantC) continue;
    float *to = k->sums + t * 2 * padded + 2 * n;
    UNROLL for (int i = 0; i < SUMS; i += LANES) store(to + i, load(to + i) + sums_of(both + i));
  }
  UNROLL for (int i = 0; i < HELD; i++) store(s->S + (n + i) * LANES, H[i]), store(s->dA + (n + i) * LANES, dA[i]);
}
