// 3. of README.md: all gradients of a block's tokens, from what lies at its two borders. The heads of a group follow one another, so that
// the gradients of its B and C are sums in one order, whoever takes the block.
#pragma once
#include "borders.h"
#include "finish.h"

// A group's rows in a block.
typedef struct {
  int64_t b, group, t, count;
  Rows B, C;
} Group;

// One head in a block, and one chunk of it.
typedef struct {
  Span span;
  Rows X, dY;
  Parts parts;
} Head;
typedef struct {
  Span span;
  Rows X, dY, B, C;
  const Decays *decays;
  // The state in front of it, and the gradient of the state behind it.
  const float *state, *gradient;
  float *dB, *dC;
} Chunk;

INLINE int64_t chunks_of(int64_t count) { return ratio_up(count, CHUNK); }

// C_t . B_s
static void group_scores(const Args *a, const Group *g, const Memory *m) {
  for (int64_t i = 0; i < chunks_of(g->count); i++) {
    const Rows C = rows_from(g->C, i * CHUNK), B = rows_from(g->B, i * CHUNK);
    turn(B.at, CHUNK, a->state, B.stride, m->fromState, CHUNK, false, 1);
    multiply((Product){C.at, C.stride, 1, {m->fromState, CHUNK}, 0, m->fixed->scores[i][0], CHUNK, 0}, CHUNK, CHUNK, a->state);
  }
}

// The states in front of the block's chunks, of which the first is the border's. @return that of chunk i
static const float *state_before(const Args *a, const Group *g, int64_t head, int64_t i, const Memory *m) {
  return i ? m->states + (i - 1) * state_floats(a) : border(a, STATE, g->b, head, g->t / BLOCK);
}

static Span span_of_chunk(Span s, int64_t i) { return (Span){s.b, s.head, s.t + i * CHUNK, least(s.count - i * CHUNK, CHUNK)}; }

// 3a. Forward: decays of the chunks, and the states in front of them, made again from the border's.
static void chunk_states(const Args *a, const Group *g, const Head *h, const Memory *m) {
  const int64_t chunks = chunks_of(g->count);
  for (int64_t i = 0; i < chunks; i++) {
    Decays *d = &m->fixed->decays[i];
    decays_of(a, span_of_chunk(h->span, i), d);
    if (i + 1 == chunks) break;
    weighted(rows_from(h->X, i * CHUNK), d->inState, wide(a), m->weightedX);
    push_state(a, d->whole, m->weightedX, rows_from(g->B, i * CHUNK), state_before(a, g, h->span.head, i, m),
               m->states + i * state_floats(a));
  }
}

// Sums over the columns of products of two matrices, row by row.
static void row_products(const float *x, Rows y, int64_t width, float sums[CHUNK]) {
  Vec rows[CHUNK];
  for (int64_t i = 0; i < CHUNK; i++) {
    rows[i] = (Vec){0};
    for (int64_t c = 0; c < width; c += LANES) rows[i] = madd(load(x + i * width + c), load(row_of(y, i) + c), rows[i]);
  }
  for (int i = 0; i < CHUNK; i += LANES) store(sums + i, sums_of(rows + i));
}

static void add_to(float *to, const float *from, int64_t count) {
  for (int64_t i = 0; i < count; i += LANES) store(to + i, load(to + i) + load(from + i));
}

// The state through the whole chunk: what is before it reaches all that is behind it.
static float passing(const Args *a, const Chunk *c) {
  if (c->decays->whole == 0) return 0;
  Vec sums[4] = {{0}, {0}, {0}, {0}};
  const int64_t floats = state_floats(a);
  for (int64_t i = 0; i < floats; i += LANES) sums[i / LANES % 4] = madd(load(c->state + i), load(c->gradient + i), sums[i / LANES % 4]);
  return c->decays->whole * sum_of(sums[0] + sums[1] + (sums[2] + sums[3]));
}

// The gradient of each log decay: what flows from before its token to itself and behind it, in the four ways there are. All of them are
// sums of what flows; nothing is a difference.
// @param out what flows from the state in front of the chunk to each token @param in from each token to the state behind it
static void log_gradients(const Args *a, const Chunk *c, const float out[CHUNK], const float in[CHUNK], const Pairs *pairs,
                          float dLog[CHUNK]) {
  pair_flows(pairs, dLog);
  const float through = passing(a, c);
  float behind = 0, before = 0;
  for (int t = CHUNK - 1; t >= 0; t--) dLog[t] += behind += out[t];
  for (int t = 0; t < CHUNK; before += in[t++]) dLog[t] += before + through;
}

// 3b. All gradients of a chunk but that of the state.
static void chunk_gradients(const Args *a, const Chunk *c, const float scores[CHUNK][CHUNK], const Memory *m, Parts parts) {
  const int64_t channels = wide(a), state = deep(a);
  Pairs *pairs = &m->fixed->pairs;
  weighted(c->X, c->decays->inState, channels, m->weightedX);
  turn(c->X.at, CHUNK, a->headDim, c->X.stride, m->columns, CHUNK, false, 1);
  multiply((Product){c->dY.at, c->dY.stride, 1, {m->columns, CHUNK}, 0, pairs->products[0], CHUNK, 0}, CHUNK, CHUNK, a->headDim);
  pair_weights(c->decays, scores, pairs);

  // dC_t = fromStart S' dY_t + sum over s <= t of returns B_s
  float out[CHUNK], in[CHUNK], dLog[CHUNK], products[CHUNK];
  multiply((Product){m->weightedY, channels, 1, {c->state, state}, 0, m->fromState, state, 0}, CHUNK, state, a->headDim);
  row_products(m->fromState, c->C, state, out);
  add_to(c->dC, m->fromState, CHUNK * state);
  multiply_up_to((Product){pairs->returns[0], CHUNK, 1, c->B, c->dC, c->dC, state, 1}, state);

  // dB_s = toEnd R' x_s + sum over t >= s of returns C_t
  multiply((Product){m->weightedX, channels, 1, {c->gradient, state}, c->dB, c->dB, state, 1}, CHUNK, state, a->headDim);
  multiply_from((Product){pairs->returns[0], 1, CHUNK, c->C, c->dB, c->dB, state, 1}, state);

  // dx_s = toEnd R B_s + sum over t >= s of weights dY_t
  turn(c->gradient, a->headDim, a->state, state, m->turned, channels, true, 1);
  multiply((Product){c->B.at, c->B.stride, 1, {m->turned, channels}, 0, m->fromGradient, channels, 0}, CHUNK, channels, a->state);
  row_products(m->fromGradient, (Rows){m->weightedX, channels}, channels, in);
  weighted((Rows){m->fromGradient, channels}, c->decays->toEnd, channels, m->fromGradient);
  multiply_from((Product){pairs->weights[0], 1, CHUNK, c->dY, m->fromGradient, m->fromGradient, channels, 1}, channels);

  log_gradients(a, c, out, in, pairs, dLog);
  finish_inputs(a, c->span, c->X, c->dY, c->decays, m->fromGradient, parts.skip, products);
  finish_steps(a, c->span, c->decays, products, dLog, parts);
}

// 3c. The outputs of a chunk, where they or the gradient of the gate are asked for.
static void chunk_outputs(const Args *a, const Chunk *c, const Memory *m) {
  const int64_t channels = wide(a);
  turn(c->state, a->headDim, a->state, deep(a), m->turned, channels, true, 1);
  multiply((Product){c->C.at, c->C.stride, 1, {m->turned, channels}, 0, m->outputs, channels, 0}, CHUNK, channels, a->state);
  weighted((Rows){m->outputs, channels}, c->decays->fromStart, channels, m->outputs);
  multiply_up_to((Product){m->fixed->pairs.stepped[0], CHUNK, 1, c->X, m->outputs, m->outputs, channels, 1}, channels);
  finish_outputs(a, c->span, c->X, m->outputs);
}

static void head_gradients(const Args *a, const Group *g, int64_t head, const Memory *m) {
  const Span span = {g->b, head, g->t, g->count};
  const Head h = {span, input_rows(a, span, m->X), cotangents(a, span, m->dY), parts_of(a, g->b, g->t / BLOCK, head)};
  memset(h.parts.rate, 0, 4 * (2 + wide(a)));
  chunk_states(a, g, &h, m);
  const float *gradient = border(a, GRADIENT, g->b, head, g->t / BLOCK + 1);
  for (int64_t i = chunks_of(g->count) - 1; i >= 0; i--) {
    const Decays *d = &m->fixed->decays[i];
    const int64_t at = i * CHUNK;
    const Chunk c = {
      .span = span_of_chunk(span, i),
      .X = rows_from(h.X, at),
      .dY = rows_from(h.dY, at),
      .B = rows_from(g->B, at),
      .C = rows_from(g->C, at),
      .decays = d,
      .state = state_before(a, g, head, i, m),
      .gradient = gradient,
      .dB = m->dB + at * deep(a),
      .dC = m->dC + at * deep(a),
    };
    weighted(c.dY, d->fromStart, wide(a), m->weightedY);
    chunk_gradients(a, &c, m->fixed->scores[i], m, h.parts);
    if (a->Y || a->z) chunk_outputs(a, &c, m);
    if (i) pull_gradient(a, d->whole, m->weightedY, c.C, gradient, m->gradient);
    gradient = m->gradient;
  }
}

static void store_group(const Args *a, const Group *g, const float *from, float *to) {
  const int64_t stride = a->groups * a->state, at = ((g->b * a->length + g->t) * a->groups + g->group) * a->state;
  for (int64_t i = 0; i < g->count; i++) memcpy(to + at + i * stride, from + i * deep(a), 4 * a->state);
}

// Task `index`: one block of one group.
static void block(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const Memory m = memory_of(a, thread);
  const int64_t blocks = blocks_of(a), t = index % blocks * BLOCK, group = index / blocks % a->groups, b = index / blocks / a->groups;
  const int64_t count = least(a->length - t, BLOCK), perGroup = a->heads / a->groups;
  const Group g = {b, group, t, count, group_rows(a, a->B, b, group, t, count, m.B), group_rows(a, a->C, b, group, t, count, m.C)};
  memset(m.dB, 0, 4 * BLOCK * deep(a));
  memset(m.dC, 0, 4 * BLOCK * deep(a));
  group_scores(a, &g, &m);
  for (int64_t head = group * perGroup; head < (group + 1) * perGroup; head++) head_gradients(a, &g, head, &m);
  store_group(a, &g, m.dB, a->dB);
  store_group(a, &g, m.dC, a->dC);
}
