// One query a head over the keys and values so far (Flash-Decoding): each span of keys has its own softmax, then the spans and the new
// token come together. All heads take a span side by side, so that the cache is read in the order in which it lies.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

// Tensors in C order; README.md of the operator has the axes.
typedef struct {
  const float *Q, *K, *V, *k, *v;
  float *Y;
  int64_t batch, context, heads, groups, headDim, headDimV;
  // The first token that is seen, and the spans of those from there on.
  int64_t first, spans;
  // scale log2(e): scores are in octaves
  double scale;
  // Of each span: the largest score, the sum of weights and, a vector behind, weighted values in whole vectors; [batch][head][span].
  float *parts;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Keys of a span, of which so many pass while a head's sums stay in registers, and the vectors of channels of those sums.
enum { SPAN = 512, RUN = 16, WIDE = 64 / LANES };

// A score whose weight is exactly 0 beside any other.
#define NO_SCORE -0x1p126f

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t padded(int64_t channels) { return (channels + LANES - 1) / LANES * LANES; }
INLINE int64_t part_floats(const Args *a) { return LANES + padded(a->headDimV); }
INLINE float *part_of(const Args *a, int64_t b, int64_t h, int64_t span) {
  return a->parts + ((b * a->heads + h) * a->spans + span) * part_floats(a);
}

// A query in octaves, in whole vectors.
INLINE void scaled_query(const Args *a, int64_t b, int64_t h, float *to) {
  const float *q = a->Q + (b * a->heads + h) * a->headDim;
  for (int64_t n = 0; n < a->headDim; n += LANES) store(to + n, splat((float)a->scale) * load_some(q + n, a->headDim - n));
}

// 1. Scores of as many keys as lanes; rows behind the last one are read as that one.
INLINE Vec scores_of(const float *q, const float *K, int64_t stride, int64_t count, int64_t channels) {
  Vec sums[LANES];
  const float *rows[LANES];
  UNROLL for (int i = 0; i < LANES; i++) sums[i] = (Vec){0}, rows[i] = K + least(i, count - 1) * stride;
  for (int64_t n = 0; n < channels; n += LANES) {
    const int64_t left = channels - n;
    const Vec part = load(q + n);
    UNROLL for (int i = 0; i < LANES; i++) sums[i] = madd(part, load_some(rows[i] + n, left), sums[i]);
  }
  return sums_of(sums);
}

INLINE void fetch_rows(const float *from, int64_t stride, int64_t rows, int64_t channels) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t n = 0; n < channels; n += LINE_FLOATS) FETCH_TO_READ(from + i * stride + n);
}

// 2. Scores become weights. @return the largest score
static float weigh(float *scores, int64_t count, float *sum) {
  Vec most = splat(NO_SCORE), total = splat(0);
  for (int64_t s = 0; s < count; s += LANES) most = larger(most, load(scores + s));
  const float largest = largest_of(most);
  for (int64_t s = 0; s < count; s += LANES) {
    const Vec weights = exp2_of(load(scores + s) - splat(largest));
    store(scores + s, weights);
    total += weights;
  }
  *sum = sum_of(total);
  return largest;
}

// 3. Values by their weights are added, some vectors of channels at a time.
INLINE void add_values(const float *weights, const float *V, int64_t stride, int64_t count, int64_t channels, float *to) {
  for (int64_t e = 0; e < channels; e += WIDE * LANES) {
    const int64_t left = channels - e;
    Vec y[WIDE];
    UNROLL for (int i = 0; i < WIDE; i++) y[i] = i * LANES < left ? load(to + e + i * LANES) : (Vec){0};
    const float *row = V + e;
    for (int64_t s = 0; s < count; s++, row += stride) {
      const Vec w = splat(weights[s]);
      if (left >= WIDE * LANES) {
        UNROLL for (int i = 0; i < WIDE; i++) y[i] = madd(w, load(row + i * LANES), y[i]);
        for (int i = 0; i < 64; i += LINE_FLOATS) FETCH_TO_READ(row + RUN * stride + i);
      } else {
        UNROLL for (int i = 0; i < WIDE; i++)
          if (i * LANES < left) y[i] = madd(w, load_some(row + i * LANES, left - i * LANES), y[i]);
      }
    }
    UNROLL for (int i = 0; i < WIDE; i++)
      if (i * LANES < left) store(to + e + i * LANES, y[i]);
  }
}

// Tasks: (batch, span). Scratch: the queries of all heads, then their scores.
static void attend_span(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t b = task / a->spans, span = task % a->spans, ratio = a->heads / a->groups, d = a->headDim, dv = a->headDimV;
  const int64_t s0 = a->first + span * SPAN, count = least(SPAN, a->context - s0), row = (b * a->context + s0) * a->groups;
  const int64_t keys = a->groups * d, values = a->groups * dv;
  float *queries = a->scratch + thread * a->scratchFloats, *scores = queries + a->heads * padded(d);
  for (int64_t h = 0; h < a->heads; h++) scaled_query(a, b, h, queries + h * padded(d));
  for (int64_t s = 0; s < count; s += LANES) {
    const int64_t left = least(LANES, count - s);
    for (int64_t h = 0; h < a->heads; h++) {
      const float *K = a->K + row * d + s * keys + h / ratio * d;
      float *to = scores + h * SPAN + s;
      if (h % ratio == 0) fetch_rows(K + LANES * keys, keys, LANES, d);
      store(to, scores_of(queries + h * padded(d), K, keys, left, d));
      for (int64_t i = left; i < LANES; i++) to[i] = NO_SCORE;
    }
  }
  for (int64_t h = 0; h < a->heads; h++) {
    float *part = part_of(a, b, h, span);
    part[0] = weigh(scores + h * SPAN, count, &part[1]);
    memset(part + LANES, 0, 4 * padded(dv));
  }
  for (int64_t s = 0; s < count; s += RUN)
    for (int64_t h = 0; h < a->heads; h++) {
      const float *V = a->V + row * dv + s * values + h / ratio * dv;
      add_values(scores + h * SPAN + s, V, values, least(RUN, count - s), dv, part_of(a, b, h, span) + LANES);
    }
}

// Tasks: (batch, head). 4. The spans and the new token, on the largest score of all.
static void join(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t b = task / a->heads, h = task % a->heads, g = b * a->groups + h / (a->heads / a->groups);
  const int64_t dv = a->headDimV;
  float *query = a->scratch + thread * a->scratchFloats, own[LANES];
  scaled_query(a, b, h, query);
  store(own, scores_of(query, a->k + g * a->headDim, 0, 1, a->headDim));
  float most = own[0];
  for (int64_t i = 0; i < a->spans; i++) {
    const float score = part_of(a, b, h, i)[0];
    most = score > most ? score : most;
  }
  const Vec weight = exp2_of(splat(own[0] - most));
  Vec total = weight;
  for (int64_t i = 0; i < a->spans; i++) {
    float *part = part_of(a, b, h, i);
    const Vec w = exp2_of(splat(part[0] - most));
    total = madd(w, splat(part[1]), total);
    // the weight takes the place of both, in every lane
    store(part, w);
  }
  for (int64_t e = 0; e < dv; e += LANES) {
    Vec y = weight * load_some(a->v + g * dv + e, dv - e);
    for (int64_t i = 0; i < a->spans; i++) {
      const float *part = part_of(a, b, h, i);
      y = madd(load(part), load(part + LANES + e), y);
    }
    store_some(a->Y + (b * a->heads + h) * dv + e, y / total, dv - e);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(attend_span, a, a->batch * a->spans, a->threads);
  share(join, a, a->batch * a->heads, a->threads);
}
