// A workgroup takes one token and group of channels at a time: a sum of squares, then the values. What is gated first is made twice
// rather than rounded to storage. KIND of storage (elements.cu), THREADS, HAS_BIAS, GATE 0 none, 1 before the norm, 2 behind it.
struct Problem {
  const void *X;
  const float *weight, *bias;
  const void *z;
  void *Y;
  int rows, groups, channels; // tokens of all batch entries; channels of a group
  float eps;
};

INLINE float value_at(const Problem &p, long long at) {
  float x = element_of(p.X, at, KIND);
  return GATE == 1 ? gated(x, element_of(p.z, at, KIND)) : x;
}

// Of all threads, to all of them.
INLINE float sum_of(float v) {
  __shared__ float sums[THREADS / 32];
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  if (THREADS == 32) return v;
  __syncthreads(); // of the token before, all have read
  if ((threadIdx.x & 31) == 0) sums[threadIdx.x >> 5] = v;
  __syncthreads();
  v = 0.0f;
#pragma unroll
  for (int w = 0; w < THREADS / 32; w++) v += sums[w];
  return v;
}

extern "C" __global__ __launch_bounds__(THREADS) void norm_rows(const Problem p) {
  int first = blockIdx.x * p.channels;
  for (int row = blockIdx.y; row < p.rows; row += gridDim.y) {
    long long at = ((long long)row * p.groups + blockIdx.x) * p.channels;
    float squares = 0.0f;
#pragma unroll 4
    for (int c = threadIdx.x; c < p.channels; c += THREADS) {
      float g = value_at(p, at + c);
      squares = fmaf(g, g, squares);
    }
    float root = 1.0f / sqrtf(sum_of(squares) / p.channels + p.eps);
#pragma unroll 4
    for (int c = threadIdx.x; c < p.channels; c += THREADS) {
      float y = value_at(p, at + c) * root * __ldg(p.weight + first + c);
      if (HAS_BIAS) y += __ldg(p.bias + first + c);
      if (GATE == 2) y = gated(y, element_of(p.z, at + c, KIND));
      store_element(p.Y, at + c, KIND, y);
    }
  }
}
