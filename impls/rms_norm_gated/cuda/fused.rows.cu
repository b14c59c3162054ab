// A team of TEAM threads takes one token and group of channels, and holds it in registers between the sum of squares and the values:
// PIECES times sixteen bytes a thread. KIND of storage (elements.cu), THREADS, HAS_BIAS, GATE 0 none, 1 before the norm, 2 behind it.
constexpr int EACH = KIND == KIND_f32 ? 4 : 8, TEAMS = THREADS / TEAM;

struct Problem {
  const void *X;
  const float *weight, *bias;
  const void *z;
  void *Y;
  int rows, groups, channels; // tokens of all batch entries; channels of a group
  float eps;
};

INLINE uint4 piece_of(const void *T, size_t piece) { return __ldg((const uint4 *)T + piece); }

// Of a team's threads, to all of them.
INLINE float sum_of(float v) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  if (TEAM == 32) return v;
  __shared__ float sums[THREADS / 32];
  if ((threadIdx.x & 31) == 0) sums[threadIdx.x >> 5] = v;
  __syncthreads();
  v = 0.0f;
#pragma unroll
  for (int w = 0; w < THREADS / 32; w++) v += sums[w];
  return v;
}

extern "C" __global__ __launch_bounds__(THREADS) void norm_rows(const Problem p) {
  int member = threadIdx.x % TEAM, pieces = p.channels / EACH;
  long long row = (long long)blockIdx.x * TEAMS + threadIdx.x / TEAM;
  if (row >= (long long)p.rows * p.groups) return; // the whole team
  size_t first = (size_t)row * pieces;
  int weight0 = (int)(row % p.groups) * p.channels;
  uint4 X[PIECES], z[GATE ? PIECES : 1];
#pragma unroll
  for (int i = 0; i < PIECES; i++) {
    int piece = member + i * TEAM;
    X[i] = make_uint4(0u, 0u, 0u, 0u);
    if (piece >= pieces) continue;
    X[i] = piece_of(p.X, first + piece);
    if (GATE) z[i] = piece_of(p.z, first + piece);
  }
  float values[PIECES][EACH], squares = 0.0f;
#pragma unroll
  for (int i = 0; i < PIECES; i++)
#pragma unroll
    for (int k = 0; k < EACH; k++) {
      float x = element_of(&X[i], k, KIND);
      values[i][k] = GATE == 1 && member + i * TEAM < pieces ? gated(x, element_of(&z[GATE ? i : 0], k, KIND)) : x;
      squares = fmaf(values[i][k], values[i][k], squares);
    }
  float root = 1.0f / sqrtf(sum_of(squares) / p.channels + p.eps);
#pragma unroll
  for (int i = 0; i < PIECES; i++) {
    int piece = member + i * TEAM;
    if (piece >= pieces) continue;
    uint4 Y;
#pragma unroll
    for (int k = 0; k < EACH; k += 4) {
      int channel = weight0 + piece * EACH + k;
      float4 weight = __ldg((const float4 *)(p.weight + channel));
      float4 bias = HAS_BIAS ? __ldg((const float4 *)(p.bias + channel)) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      float weights[4] = {weight.x, weight.y, weight.z, weight.w}, biases[4] = {bias.x, bias.y, bias.z, bias.w};
#pragma unroll
      for (int j = 0; j < 4; j++) {
        float y = values[i][k + j] * root * weights[j];
        if (HAS_BIAS) y += biases[j];
        if (GATE == 2) y = gated(y, element_of(&z[GATE ? i : 0], k + j, KIND));
        store_element(&Y, k + j, KIND, y);
      }
    }
    *((uint4 *)p.Y + first + piece) = Y;
  }
}
