// A span by multiply-adds: LANES neighbouring lanes take a key together, eight channels of it each and KEY_OCTETS or VALUE_OCTETS times so;
// a warp has 32 / LANES keys side by side. KIND of storage (elements.cu), WIDE 1 where rows start at multiples of eight values.
constexpr int TEAMS = THREADS / LANES, AHEAD = 4; // keys that a team has on their way
constexpr int KEY_VALUES = 8 * KEY_OCTETS, VALUE_VALUES = 8 * VALUE_OCTETS;

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
