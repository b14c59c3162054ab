// The spans of a head and the new token's own key and value. KIND of storage (elements.cu); a lane has VALUES channels of a warp's spans.
constexpr int WARPS = THREADS / 32;

INLINE float warp_sum(float v) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  return v;
}
INLINE float warp_max(float v) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, o));
  return v;
}

extern "C" __global__ __launch_bounds__(THREADS) void join(const Problem p) {
  __shared__ float products[WARPS], tops[WARPS], weights[WARPS], shares[THREADS], sums[WARPS][32 * VALUES];
  int row = blockIdx.x, b = row / p.heads, group = (row % p.heads) / (p.heads / p.groups);
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, pitch = 2 + p.headDimV;
  long long fresh = (long long)b * p.groups + group;
  const float *parts = p.parts + (size_t)row * p.spans * pitch;
  // the new token's score, and the largest of all
  float own = 0.0f, top = NO_PEAK;
  for (int c = threadIdx.x; c < p.headDim; c += THREADS)
    own = fmaf(element_of(p.Q, (long long)row * p.headDim + c, KIND) * p.scale, element_of(p.k, fresh * p.headDim + c, KIND), own);
  for (int s = threadIdx.x; s < p.spans; s += THREADS) top = fmaxf(top, parts[(size_t)s * pitch]);
  own = warp_sum(own);
  top = warp_max(top);
  if (lane == 0) {
    products[warp] = own;
    tops[warp] = top;
  }
  __syncthreads();
  own = 0.0f;
#pragma unroll
  for (int w = 0; w < WARPS; w++) own += products[w];
  top = own;
#pragma unroll
  for (int w = 0; w < WARPS; w++) top = fmaxf(top, tops[w]);
  // as many spans at a time as there are threads: what each counts, then its values, a span a warp
  float weight = 0.0f, y[VALUES];
#pragma unroll
  for (int i = 0; i < VALUES; i++) y[i] = 0.0f;
  for (int s0 = 0; s0 < p.spans; s0 += THREADS) {
    int s = s0 + threadIdx.x;
    __syncthreads(); // of the spans before, all have read
    if (s < p.spans) {
      const float *part = parts + (size_t)s * pitch;
      shares[threadIdx.x] = shrink_to(part[0], top);
      weight = fmaf(part[1], shares[threadIdx.x], weight);
    }
    __syncthreads();
    int count = min(THREADS, p.spans - s0);
#pragma unroll 8
    for (int i = warp; i < count; i += WARPS) {
      const float *part = parts + (size_t)(s0 + i) * pitch + 2;
      float share = shares[i];
#pragma unroll
      for (int k = 0; k < VALUES; k++)
        if (lane + 32 * k < p.headDimV) y[k] = fmaf(part[lane + 32 * k], share, y[k]);
    }
  }
  weight = warp_sum(weight);
  if (lane == 0) weights[warp] = weight;
#pragma unroll
  for (int k = 0; k < VALUES; k++) sums[warp][lane + 32 * k] = y[k];
  __syncthreads();
  float mine = exp2_fast(own - top), all = mine;
#pragma unroll
  for (int w = 0; w < WARPS; w++) all += weights[w];
  for (int c = threadIdx.x; c < p.headDimV; c += THREADS) {
    float value = mine * element_of(p.v, fresh * p.headDimV + c, KIND);
#pragma unroll
    for (int w = 0; w < WARPS; w++) value += sums[w][c];
    store_element(p.Y, (long long)row * p.headDimV + c, KIND, value / all);
  }
}
