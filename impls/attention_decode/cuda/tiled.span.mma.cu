// A span by products of 16 x 8 x 16, for heads that share keys and values: a warp takes sixteen keys at a time as rows and up to eight
// heads as columns. Nothing goes through shared memory on the way in. The order of the terms of a sum is free, so that a lane's sixteen
// bytes of a key are the terms that its place in a product wants: of a step of 32 channels, lane 4 g + j has channels 8 j to 8 j + 7 of
// keys g and g + 8. Likewise of values, whose channels are rows: lane 4 g + j has channels 8 g to 8 g + 7 of four keys, which stand in
// pairs after a permutation of halves.
constexpr int WARPS = THREADS / 32, MOST_HEADS = 8;
constexpr int KEY_STEPS = HEAD_DIM / 32, VALUE_PARTS = VALUE_DIM / 64;

INLINE uint4 sixteen_bytes(const void *T, size_t at) { return __ldg((const uint4 *)((const u16 *)T + at)); }

struct Keys {
  uint4 words[2][KEY_STEPS]; // of the first and the last eight of sixteen keys
  INLINE void load(const Problem &p, size_t key0, int group, int s0, int lane) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      size_t row = (key0 + min(s0 + 8 * half + (lane >> 2), p.context - 1)) * p.groups + group;
#pragma unroll
      for (int i = 0; i < KEY_STEPS; i++) words[half][i] = sixteen_bytes(p.K, row * HEAD_DIM + 32 * i + 8 * (lane & 3));
    }
  }
};
struct Values {
  uint4 words[4][VALUE_PARTS]; // of keys 2 j, 2 j + 1 and eight behind them
  INLINE void load(const Problem &p, size_t key0, int group, int s0, int lane) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
      size_t row = (key0 + min(s0 + 2 * (lane & 3) + (k & 1) + 8 * (k >> 1), p.context - 1)) * p.groups + group;
#pragma unroll
      for (int i = 0; i < VALUE_PARTS; i++) words[k][i] = sixteen_bytes(p.V, row * VALUE_DIM + 64 * i + 8 * (lane >> 2));
    }
  }
};

// A lane's channels of head g.
INLINE void load_queries(uint4 (&q)[KEY_STEPS], const Problem &p, size_t row0, int heads, int lane) {
  int head = lane >> 2;
#pragma unroll
  for (int i = 0; i < KEY_STEPS; i++)
    q[i] = head < heads ? sixteen_bytes(p.Q, (row0 + head) * HEAD_DIM + 32 * i + 8 * (lane & 3)) : make_uint4(0u, 0u, 0u, 0u);
}

// S of keys g (0, 1) and g + 8 (2, 3), each of heads 2 j and 2 j + 1.
INLINE void score(float (&S)[4], const uint4 (&q)[KEY_STEPS], const Keys &keys) {
#pragma unroll
  for (int i = 0; i < 4; i++) S[i] = 0.0f;
#pragma unroll
  for (int i = 0; i < KEY_STEPS; i++) {
    u32 low[4] = {keys.words[0][i].x, keys.words[1][i].x, keys.words[0][i].y, keys.words[1][i].y};
    u32 high[4] = {keys.words[0][i].z, keys.words[1][i].z, keys.words[0][i].w, keys.words[1][i].w};
    product(S, low, q[i].x, q[i].y);
    product(S, high, q[i].z, q[i].w);
  }
}

// Of heads 2 j and 2 j + 1: largest score in log2, and this lane's part of the sum of weights.
struct Peaks {
  float peak[2], weight[2];
};

// Scores become weights; `shrink` is what earlier sums are multiplied by.
INLINE void weigh(float (&S)[4], Peaks &peaks, float (&shrink)[2], float scale, int s0, int end, int lane) {
#pragma unroll
  for (int h = 0; h < 2; h++) {
    float now = peaks.peak[h], sum = 0.0f;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float &s = S[2 * half + h];
      s = s0 + 8 * half + (lane >> 2) < end ? s * scale : NO_PEAK;
      now = fmaxf(now, s);
    }
#pragma unroll
    for (int o = 4; o < 32; o <<= 1) now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, o));
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float &s = S[2 * half + h];
      s = s == NO_PEAK ? 0.0f : exp2_fast(s - now);
      sum += s;
    }
    shrink[h] = shrink_to(peaks.peak[h], now);
    peaks.peak[h] = now;
    peaks.weight[h] = fmaf(peaks.weight[h], shrink[h], sum);
  }
}

// Keys g as rows become keys as pairs of terms, of head g.
INLINE u32 transposed(u32 v) {
  u32 r;
  asm("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(r) : "r"(v));
  return r;
}
INLINE u32 word_of(const uint4 &v, int i) { return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w; }
INLINE u32 low_halves(u32 a, u32 b) { return __byte_perm(a, b, 0x5410); }
INLINE u32 high_halves(u32 a, u32 b) { return __byte_perm(a, b, 0x7632); }

// Product m of a part has channel 8 g + 2 m as its row g, and the channel behind it as row g + 8.
INLINE void gather_values(float (&O)[VALUE_DIM / 16][4], const float (&S)[4], const Values &values) {
  u32 first = transposed(halves(S[0], S[1])), last = transposed(halves(S[2], S[3]));
#pragma unroll
  for (int i = 0; i < VALUE_PARTS; i++)
#pragma unroll
    for (int m = 0; m < 4; m++) {
      u32 v[4];
#pragma unroll
      for (int k = 0; k < 4; k++) v[k] = word_of(values.words[k][i], m);
      u32 rows[4] = {low_halves(v[0], v[1]), high_halves(v[0], v[1]), low_halves(v[2], v[3]), high_halves(v[2], v[3])};
      product(O[4 * i + m], rows, first, last);
    }
}

extern "C" __global__ __launch_bounds__(THREADS, 3) void span(const Problem p) {
  __shared__ float peaks[WARPS][MOST_HEADS], weights[WARPS][MOST_HEADS], sums[WARPS][MOST_HEADS][VALUE_DIM];
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  int share = blockIdx.y % p.blocks, group = (blockIdx.y / p.blocks) % p.groups, b = blockIdx.y / p.blocks / p.groups;
  int ratio = p.heads / p.groups, head0 = group * ratio + share * HEADS, heads = min(HEADS, ratio - share * HEADS);
  int first = p.first + blockIdx.x * SPAN, end = min(first + SPAN, p.context);
  size_t key0 = (size_t)b * p.context, row0 = (size_t)b * p.heads + head0;
  uint4 q[KEY_STEPS];
  float O[VALUE_DIM / 16][4];
  Peaks own = {{NO_PEAK, NO_PEAK}, {0.0f, 0.0f}};
  Keys keys;
  keys.load(p, key0, group, first + 16 * warp, lane);
  load_queries(q, p, row0, heads, lane);
#pragma unroll
  for (int i = 0; i < VALUE_DIM / 16; i++)
#pragma unroll
    for (int k = 0; k < 4; k++) O[i][k] = 0.0f;
#pragma unroll 1
  for (int s0 = first + 16 * warp; s0 < end; s0 += 16 * WARPS) {
    Values values;
    values.load(p, key0, group, s0, lane);
    float S[4], shrink[2];
    score(S, q, keys);
    keys.load(p, key0, group, s0 + 16 * WARPS, lane); // in the last step of all: the cache's last key, for nothing
    weigh(S, own, shrink, p.scale, s0, end, lane);
    if (__any_sync(0xffffffffu, shrink[0] != 1.0f || shrink[1] != 1.0f)) {
#pragma unroll
      for (int i = 0; i < VALUE_DIM / 16; i++)
#pragma unroll
        for (int k = 0; k < 4; k++) O[i][k] *= shrink[k & 1];
    }
    gather_values(O, S, values);
  }
  // the warps of a workgroup
#pragma unroll
  for (int h = 0; h < 2; h++) {
    int head = 2 * (lane & 3) + h;
    float weight = own.weight[h];
#pragma unroll
    for (int o = 4; o < 32; o <<= 1) weight += __shfl_xor_sync(0xffffffffu, weight, o);
    if (lane < 4) {
      peaks[warp][head] = own.peak[h];
      weights[warp][head] = weight;
    }
#pragma unroll
    for (int i = 0; i < VALUE_DIM / 16; i++)
      *(float2 *)&sums[warp][head][64 * (i / 4) + 8 * (lane >> 2) + 2 * (i % 4)] = make_float2(O[i][h], O[i][2 + h]);
  }
  __syncthreads();
#pragma unroll 1
  for (int h = 0; h < heads; h++) {
    float top = NO_PEAK, all = 0.0f;
#pragma unroll
    for (int w = 0; w < WARPS; w++) top = fmaxf(top, peaks[w][h]);
#pragma unroll
    for (int w = 0; w < WARPS; w++) all = fmaf(weights[w][h], shrink_to(peaks[w][h], top), all);
    float *to = p.parts + ((row0 + h) * p.spans + blockIdx.x) * (2 + VALUE_DIM);
    if (threadIdx.x == 0) {
      to[0] = top;
      to[1] = all;
    }
    for (int c = threadIdx.x; c < VALUE_DIM; c += THREADS) {
      float y = 0.0f;
#pragma unroll
      for (int w = 0; w < WARPS; w++) y = fmaf(sums[w][h][c], shrink_to(peaks[w][h], top), y);
      to[2 + c] = y;
    }
  }
}
