// FlashAttention-2 (algorithm 1): six queries meet a block of 64 keys, lanes being keys in the scores and channels in the outputs. Both
// products are tiles of 6 rows by up to 4 vectors whose sums stay in registers.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"
#include "../../engines/native/transpose.h"

#include <stdbool.h>

// Tensors in C order; README.md of the operator has the axes.
typedef struct {
  const float *Q, *K, *V;
  float *Y;
  int64_t batch, length, context, heads, groups, headDim, headDimV;
  int64_t causal;
  // scale log2(e): scores are in octaves
  double scale;
  // Where documents or a window leave a query less than causality does: the first key that it sees and the end of its keys, (batch length),
  // 32-bit whole numbers; else 0.
  const float *firsts, *ends;
  // K transposed, [batch][group][block of 64 keys][headDim][64]; V in rows of whole vectors, [batch][group][key], 0 where V has them.
  float *keys, *values;
  // Queries of a task: a multiple of 6.
  int64_t queries;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// ROWS by WIDEST vectors of sums, WIDEST of a row and one factor fill the registers.
enum { ROWS = 6, KEYS = 64, WIDEST = REGISTERS == 32 ? 4 : 2, VECTORS = KEYS / LANES };

// A row's weights are taken on a reference that a score may pass by so many octaves before what was summed is scaled down.
#define SLACK 8.0f
// The reference of a row that has seen no key: finite, so that a score of -Infinity has the weight 0.
#define NO_REFERENCE -0x1p126f

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
INLINE int64_t padded(int64_t channels) { return ratio_up(channels, LANES) * LANES; }

// Whether a passes b in any lane; NaN passes nothing.
INLINE bool passes(Vec a, Vec b) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
#else
  return vmaxvq_u32(vcgtq_f32((float32x4_t)a, (float32x4_t)b));
#endif
}

INLINE int64_t whole_at(const float *table, int64_t index) {
  int32_t value;
  memcpy(&value, table + index, 4);
  return value;
}

// The lanes [from, to), -Infinity elsewhere.
INLINE Vec only(Vec x, int64_t from, int64_t to) {
  Bits place;
  UNROLL for (int i = 0; i < LANES; i++) place[i] = i;
  const Bits kept = (place >= (int32_t)from) & (place < (int32_t)to), low = (Bits)splat(-__builtin_inff());
  return (Vec)((kept & (Bits)x) | (~kept & low));
}

// 0. K transposed, a block of keys at a time, and V in whole vectors. Keys that are not there become zeros.
static void pack(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  (void)thread;
  const int64_t blocks = ratio_up(a->context, KEYS), bg = index / blocks, s0 = index % blocks * KEYS;
  const int64_t b = bg / a->groups, g = bg % a->groups, count = least(KEYS, a->context - s0);
  const int64_t d = a->headDim, row = (b * a->context + s0) * a->groups + g;
  float *keys = a->keys + index * KEYS * d;
  if (count < KEYS) memset(keys, 0, 4 * KEYS * d);
  transpose_rows(a->K + row * d, a->groups * d, count, d, keys, KEYS);
  if (!a->values) return;
  const int64_t width = padded(a->headDimV);
  float *to = a->values + (bg * a->context + s0) * width;
  const float *from = a->V + row * a->headDimV;
  for (int64_t s = 0; s < count; s++, from += a->groups * a->headDimV, to += width) {
    memcpy(to, from, 4 * a->headDimV);
    memset(to + a->headDimV, 0, 4 * (width - a->headDimV));
  }
}

// Six queries on their way.
typedef struct {
  // Rows of headDim, scaled, and of whole vectors of sums.
  const float *Q;
  float *O;
  // Of each query: the reference of its weights, and lanes of their sum.
  float *reference;
  Vec *sums;
} Tile;

// A block of keys as a tile sees it: of each query its keys [from, to), none where the two are equal; [first, end) is what all six see, if
// that is not empty, and behind `last` no query sees a key.
typedef struct {
  const float *K, *V;
  int32_t from[ROWS], to[ROWS];
  int64_t first, end, last;
  // Whether no query sees more than all do.
  bool alike;
} Block;

// 1. Scores against Z vectors of keys.
INLINE void scores(const int Z, const float *Q, int64_t d, const float *K, float *P) {
  Vec sums[ROWS][4];
  const float *rows[ROWS];
  UNROLL for (int i = 0; i < ROWS; i++) rows[i] = Q + i * d;
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int z = 0; z < Z; z++) sums[i][z] = splat(0);
  for (int64_t k = 0; k < d; k++, K += KEYS) {
    Vec keys[4];
    UNROLL for (int z = 0; z < Z; z++) keys[z] = load(K + z * LANES);
    UNROLL for (int i = 0; i < ROWS; i++) {
      const Vec q = splat(rows[i][k]);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(q, keys[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int z = 0; z < Z; z++) store(P + i * KEYS + z * LANES, sums[i][z]);
}

// 3. O += P V for Z vectors of channels: first the keys that all six see, then each one's others. Pairs that do not see each other are left
// out, not multiplied by zero: a NaN cannot reach them.
INLINE void add_values(const int Z, const Block *k, const float *P, const float *V, int64_t width, float *O) {
  Vec sums[ROWS][4];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int z = 0; z < Z; z++) sums[i][z] = load(O + i * width + z * LANES);
  const float *v = V + k->first * width;
  for (int64_t s = k->first; s < k->end; s++, v += width) {
    Vec values[4];
    UNROLL for (int z = 0; z < Z; z++) values[z] = load(v + z * LANES);
    UNROLL for (int i = 0; i < ROWS; i++) {
      const Vec p = splat(P[i * KEYS + s]);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(p, values[z], sums[i][z]);
    }
  }
  if (!k->alike) UNROLL for (int i = 0; i < ROWS; i++) {
    for (int64_t s = k->from[i]; s < k->to[i]; s++) {
      if (s == k->first && s < k->end) s = k->end;
      if (s >= k->to[i]) break;
      const Vec p = splat(P[i * KEYS + s]);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(p, load(V + s * width + z * LANES), sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int z = 0; z < Z; z++) store(O + i * width + z * LANES, sums[i][z]);
}

#define TILE(Z)                                                                                                                  \
  static __attribute__((noinline)) void scores##Z(const float *Q, int64_t d, const float *K, float *P) {                         \
    scores(Z, Q, d, K, P);                                                                                                       \
  }                                                                                                                              \
  static __attribute__((noinline)) void add_values##Z(const Block *k, const float *P, const float *V, int64_t width, float *O) { \
    add_values(Z, k, P, V, width, O);                                                                                            \
  }
typedef void Scores(const float *Q, int64_t d, const float *K, float *P);
typedef void AddValues(const Block *k, const float *P, const float *V, int64_t width, float *O);
TILE(1)
TILE(2)
#if defined(__AVX2__) && !defined(__AVX512F__)
static Scores *const scores_of[] = {0, scores1, scores2};
static AddValues *const add_values_of[] = {0, add_values1, add_values2};
#else
TILE(3)
TILE(4)
static Scores *const scores_of[] = {0, scores1, scores2, scores3, scores4};
static AddValues *const add_values_of[] = {0, add_values1, add_values2, add_values3, add_values4};
#endif

// What was summed under a smaller reference shrinks to the new one.
static void raise(const Tile *tile, int i, int64_t width, float reference) {
  const Vec factor = exp2_of(splat(tile->reference[i] - reference));
  float *O = tile->O + i * width;
  for (int64_t e = 0; e < width; e += LANES) store(O + e, factor * load(O + e));
  tile->sums[i] *= factor;
  tile->reference[i] = reference;
}

// 2. Scores to weights, in place, and their sums.
INLINE void weigh(const Tile *tile, const Block *k, int64_t width, int64_t vectors, float *P) {
  for (int i = 0; i < ROWS; i++) {
    float *row = P + i * KEYS;
    const int64_t from = k->from[i], to = k->to[i];
    if (from > 0 || to < vectors * LANES)
      for (int64_t z = 0; z < vectors; z++) store(row + z * LANES, only(load(row + z * LANES), from - z * LANES, to - z * LANES));
    Vec highest = load(row);
    UNROLL for (int64_t z = 1; z < vectors; z++) highest = larger(highest, load(row + z * LANES));
    if (SELDOM(passes(highest, splat(tile->reference[i] + SLACK)))) raise(tile, i, width, largest_of(highest));
    const Vec reference = splat(tile->reference[i]);
    Vec sum = splat(0);
    UNROLL for (int64_t z = 0; z < vectors; z++) {
      // the second where it is NaN
      const Vec weight = exp2_within(larger(splat(-127), load(row + z * LANES) - reference));
      store(row + z * LANES, weight);
      sum += weight;
    }
    tile->sums[i] += sum;
  }
}

static void one_block(const Args *a, const Tile *tile, const Block *k, float *P) {
  if (k->last == 0) return;
  const int64_t width = padded(a->headDimV), vectors = ratio_up(k->last, LANES);
  for (int64_t z = 0; z < vectors; z += WIDEST)
    scores_of[least(WIDEST, vectors - z)](tile->Q, a->headDim, k->K + z * LANES, P + z * LANES);
  if (vectors == VECTORS) weigh(tile, k, width, VECTORS, P);
  else weigh(tile, k, width, vectors, P);
  const int64_t ofValues = width / LANES;
  for (int64_t z = 0; z < ofValues; z += WIDEST)
    add_values_of[least(WIDEST, ofValues - z)](k, P, k->V + z * LANES, width, tile->O + z * LANES);
}

// What six queries see of the keys [s0, s0 + KEYS), `t` being the first one's place in the sequence.
static void look(const Args *a, int64_t b, int64_t t, int64_t s0, Block *k) {
  k->first = k->last = 0;
  k->end = KEYS;
  k->alike = true;
  for (int64_t i = 0; i < ROWS; i++) {
    int64_t from = 0, to = a->causal ? t + i + 1 : a->context;
    if (a->firsts) {
      // a query that is not there sees what the last one does
      const int64_t at = b * a->length + least(t + i, a->length - 1);
      from = whole_at(a->firsts, at), to = whole_at(a->ends, at);
    }
    from = most(from - s0, 0), to = least(least(to, a->context) - s0, KEYS);
    if (from >= to) from = to = 0;
    k->from[i] = (int32_t)from;
    k->to[i] = (int32_t)to;
    k->alike &= from == k->from[0] && to == k->to[0];
    k->first = most(k->first, from);
    k->end = least(k->end, to);
    k->last = most(k->last, to);
  }
}

// A run of queries of one head, the last of a sequence first: they see most keys.
static void attend(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const int64_t runs = ratio_up(a->length, a->queries), t0 = (runs - 1 - index % runs) * a->queries;
  const int64_t h = index / runs % a->heads, b = index / runs / a->heads, g = h / (a->heads / a->groups);
  const int64_t d = a->headDim, width = padded(a->headDimV), count = least(a->queries, a->length - t0);
  const int64_t rows = ratio_up(count, ROWS) * ROWS, bg = b * a->groups + g, blocks = ratio_up(a->context, KEYS);
  float *P = a->scratch + thread * a->scratchFloats, *O = P + ROWS * KEYS, *sums = O + a->queries * width;
  float *Q = sums + a->queries * LANES, *references = Q + a->queries * d;
  const int64_t row = (b * a->length + t0) * a->heads + h;
  for (int64_t i = 0; i < count; i++)
    for (int64_t n = 0; n < d; n++) Q[i * d + n] = (float)a->scale * a->Q[(row + i * a->heads) * d + n];
  memset(Q + count * d, 0, 4 * (rows - count) * d);
  memset(O, 0, 4 * (rows * width));
  memset(sums, 0, 4 * rows * LANES);
  for (int64_t i = 0; i < rows; i++) references[i] = NO_REFERENCE;
  const float *V = a->values ? a->values + bg * a->context * width : a->V + b * a->context * width;
  int64_t start = 0, end = a->causal ? t0 + count : a->context;
  // neither bound falls from one query to the next
  if (a->firsts) start = whole_at(a->firsts, b * a->length + t0) / KEYS * KEYS, end = whole_at(a->ends, b * a->length + t0 + count - 1);
  for (int64_t s0 = start; s0 < end; s0 += KEYS) {
    Block k = {.K = a->keys + (bg * blocks + s0 / KEYS) * KEYS * d, .V = V + s0 * width};
    const bool sameForAll = !a->firsts && s0 + KEYS <= (a->causal ? t0 + 1 : a->context);
    for (int64_t i = 0; i < rows; i += ROWS) {
      const Tile tile = {Q + i * d, O + i * width, references + i, (Vec *)sums + i};
      if (i == 0 || !sameForAll) look(a, b, t0 + i, s0, &k);
      one_block(a, &tile, &k, P);
    }
  }
  for (int64_t i = 0; i < count; i++) {
    const float sum = sum_of(load(sums + i * LANES));
    // a query that sees no key is 0
    const Vec inverse = splat(sum == 0 ? 0 : 1 / sum);
    float *to = a->Y + (row + i * a->heads) * a->headDimV;
    for (int64_t e = 0; e < a->headDimV; e += LANES) store_some(to + e, inverse * load(O + i * width + e), a->headDimV - e);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(pack, args, a->batch * a->groups * ratio_up(a->context, KEYS), a->threads);
  share(attend, args, a->batch * a->heads * ratio_up(a->length, a->queries), a->threads);
}
