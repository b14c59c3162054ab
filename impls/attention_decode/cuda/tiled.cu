// One query of each head over the cache: a workgroup takes SPAN keys of one key/value head and HEADS of the query heads that share it,
// then one joins the spans of a head with the new token. LANES neighbouring lanes take a key together, eight channels of it each and
// KEY_OCTETS or VALUE_OCTETS times so; a warp has 32 / LANES keys side by side. KIND of storage (elements.cu), WIDE 1 where rows start
// at multiples of eight values.
constexpr int THREADS = 128, TEAMS = THREADS / LANES, AHEAD = 4; // keys that a team has on their way
constexpr int KEY_VALUES = 8 * KEY_OCTETS, VALUE_VALUES = 8 * VALUE_OCTETS;

struct Problem {
  const void *Q, *K, *V, *k, *v;
  void *Y;
  float *parts; // (batch heads spans 2 + headDimV): largest score in log2, sum of weights, weighted values
  int batch, context, heads, groups, headDim, headDimV;
  int first, spans, blocks; // the first key that is seen; workgroups that share a key/value head's queries
  float scale;              // times log2(e)
};

// Eight neighbours of a row, of which the first `count` exist.
struct Octet {
  uint4 words[KIND == KIND_f32 ? 2 : 1];
  INLINE void load(const void *T, long long at, int count) {
    constexpr int BYTES = KIND == KIND_f32 ? 4 : 2;
    const char *from = (const char *)T + at * BYTES;
#pragma unroll
    for (int i = 0; i < 2 * BYTES / 4; i++) {
      words[i] = make_uint4(0u, 0u, 0u, 0u);
      if (WIDE && count > 0) words[i] = __ldg((const uint4 *)from + i);
    }
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (!WIDE && i < count) store_element(words, i, KIND, element_of(T, at + i, KIND));
  }
  INLINE float at(int i) const { return element_of(words, i, KIND); }
};

// A team's channels of one row.
template <int OCTETS> INLINE void load_octets(Octet (&octets)[OCTETS], const void *T, long long row, int channels, int member) {
#pragma unroll
  for (int o = 0; o < OCTETS; o++) {
    int channel = 8 * (member + o * LANES);
    octets[o].load(T, row + channel, channels - channel);
  }
}
INLINE float team_sum(float v) {
#pragma unroll
  for (int o = LANES / 2; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  return v;
}
// What sums on the peak `before` are multiplied by where the peak is `now`; nothing was summed on an infinite one.
INLINE float shrink_to(float before, float now) { return before == now ? 1.0f : exp2_fast(before - now); }

#define NO_PEAK __uint_as_float(0xff800000u) // of no key: minus infinity

#if ENTRY_SPAN
extern "C" __global__ __launch_bounds__(THREADS) void span(const Problem p) {
  __shared__ float peaks[TEAMS], weights[TEAMS], sums[TEAMS][VALUE_VALUES * LANES];
  int team = threadIdx.x / LANES, member = threadIdx.x % LANES;
  int share = blockIdx.y % p.blocks, group = (blockIdx.y / p.blocks) % p.groups, b = blockIdx.y / p.blocks / p.groups;
  int ratio = p.heads / p.groups, head0 = group * ratio + share * HEADS, heads = min(HEADS, ratio - share * HEADS);
  int first = p.first + blockIdx.x * SPAN, end = min(first + SPAN, p.context);
  float q[HEADS][KEY_VALUES], sum[HEADS][VALUE_VALUES], weight[HEADS], peak[HEADS];
#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    Octet own[KEY_OCTETS];
    load_octets(own, p.Q, ((long long)b * p.heads + head0 + min(h, heads - 1)) * p.headDim, p.headDim, member);
#pragma unroll
    for (int i = 0; i < KEY_VALUES; i++) q[h][i] = own[i / 8].at(i % 8) * p.scale;
#pragma unroll
    for (int i = 0; i < VALUE_VALUES; i++) sum[h][i] = 0.0f;
    weight[h] = 0.0f;
    peak[h] = NO_PEAK;
  }
#pragma unroll 1
  for (int s0 = first + team; s0 - team < end; s0 += TEAMS * AHEAD) {
    Octet K[AHEAD][KEY_OCTETS], V[AHEAD][VALUE_OCTETS];
#pragma unroll
    for (int a = 0; a < AHEAD; a++) {
      int s = min(s0 + a * TEAMS, p.context - 1);
      long long row = ((long long)b * p.context + s) * p.groups + group;
      load_octets(K[a], p.K, row * p.headDim, p.headDim, member);
      load_octets(V[a], p.V, row * p.headDimV, p.headDimV, member);
    }
#pragma unroll
    for (int h = 0; h < HEADS; h++) {
      float score[AHEAD], now = peak[h];
#pragma unroll
      for (int a = 0; a < AHEAD; a++) {
        score[a] = 0.0f;
#pragma unroll
        for (int i = 0; i < KEY_VALUES; i++) score[a] = fmaf(q[h][i], K[a][i / 8].at(i % 8), score[a]);
        score[a] = team_sum(score[a]);
        if (s0 + a * TEAMS >= end) score[a] = NO_PEAK;
        now = fmaxf(now, score[a]);
      }
      float shrink = shrink_to(peak[h], now);
      peak[h] = now;
      weight[h] *= shrink;
#pragma unroll
      for (int i = 0; i < VALUE_VALUES; i++) sum[h][i] *= shrink;
#pragma unroll
      for (int a = 0; a < AHEAD; a++) {
        if (s0 + a * TEAMS >= end) continue; // not a product with 0
        float w = exp2_fast(score[a] - now);
        weight[h] += w;
#pragma unroll
        for (int i = 0; i < VALUE_VALUES; i++) sum[h][i] = fmaf(w, V[a][i / 8].at(i % 8), sum[h][i]);
      }
    }
  }
  // the teams of a workgroup, head by head
#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    __syncthreads();
    if (member == 0) {
      peaks[team] = peak[h];
      weights[team] = weight[h];
    }
#pragma unroll
    for (int i = 0; i < VALUE_VALUES; i++) sums[team][8 * (member + i / 8 * LANES) + i % 8] = sum[h][i];
    __syncthreads();
    if (h >= heads) continue;
    float top = NO_PEAK, all = 0.0f;
#pragma unroll
    for (int i = 0; i < TEAMS; i++) top = fmaxf(top, peaks[i]);
#pragma unroll
    for (int i = 0; i < TEAMS; i++) all = fmaf(weights[i], shrink_to(peaks[i], top), all);
    float *to = p.parts + (((size_t)b * p.heads + head0 + h) * p.spans + blockIdx.x) * (2 + p.headDimV);
    if (threadIdx.x == 0) {
      to[0] = top;
      to[1] = all;
    }
    for (int c = threadIdx.x; c < p.headDimV; c += THREADS) {
      float y = 0.0f;
#pragma unroll
      for (int i = 0; i < TEAMS; i++) y = fmaf(sums[i][c], shrink_to(peaks[i], top), y);
      to[2 + c] = y;
    }
  }
}
#endif

#if ENTRY_JOIN
extern "C" __global__ __launch_bounds__(THREADS) void join(const Problem p) {
  __shared__ float products[THREADS / 32];
  int row = blockIdx.x, b = row / p.heads, group = (row % p.heads) / (p.heads / p.groups);
  long long fresh = (long long)b * p.groups + group;
  // the new token's score
  float own = 0.0f;
  for (int c = threadIdx.x; c < p.headDim; c += THREADS)
    own = fmaf(element_of(p.Q, (long long)row * p.headDim + c, KIND) * p.scale, element_of(p.k, fresh * p.headDim + c, KIND), own);
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) own += __shfl_xor_sync(0xffffffffu, own, o);
  if ((threadIdx.x & 31) == 0) products[threadIdx.x >> 5] = own;
  __syncthreads();
  own = 0.0f;
#pragma unroll
  for (int w = 0; w < THREADS / 32; w++) own += products[w];
  const float *parts = p.parts + (size_t)row * p.spans * (2 + p.headDimV);
  float top = own;
  for (int s = 0; s < p.spans; s++) top = fmaxf(top, parts[(size_t)s * (2 + p.headDimV)]);
  float mine = exp2_fast(own - top), weight = mine;
  for (int s = 0; s < p.spans; s++) {
    const float *part = parts + (size_t)s * (2 + p.headDimV);
    weight = fmaf(part[1], shrink_to(part[0], top), weight);
  }
  for (int c = threadIdx.x; c < p.headDimV; c += THREADS) {
    float y = mine * element_of(p.v, fresh * p.headDimV + c, KIND);
    for (int s = 0; s < p.spans; s++) {
      const float *part = parts + (size_t)s * (2 + p.headDimV);
      y = fmaf(part[2 + c], shrink_to(part[0], top), y);
    }
    store_element(p.Y, (long long)row * p.headDimV + c, KIND, y / weight);
  }
}
#endif
