// What surrounds the transforms: signals and kernels into padded rows of f32, products of spectra, sums back. KIND: elements.cu.
struct Part {
  const void *from;
  float *rows;     // (count, pitch)
  const float2 *K; // spectra of kernels, in the same order
  void *to;
  int length, channels; // of the problem, in one batch entry
  int count, pitch;     // channels of this part, from where the pointers stand on
  float scale;
};

// Tiles of 32 x 32 cross shared memory, so that memory is met along its rows on both sides.
#if ENTRY_ROWS_OF_SIGNALS
extern "C" __global__ void rows_of_signals(Part p) {
  __shared__ float tile[32][33];
  int t0 = blockIdx.x * 32, c0 = blockIdx.y * 32;
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8) {
    int t = t0 + i, c = c0 + threadIdx.x;
    tile[i][threadIdx.x] = t < p.length && c < p.count ? element_of(p.from, (long long)t * p.channels + c, KIND) : 0.0f;
  }
  __syncthreads();
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8) {
    int c = c0 + i, t = t0 + threadIdx.x;
    if (c < p.count && t < p.pitch) p.rows[(long long)c * p.pitch + t] = tile[threadIdx.x][i];
  }
}
#endif

#if ENTRY_SIGNALS_OF_ROWS
extern "C" __global__ void signals_of_rows(Part p) {
  __shared__ float tile[32][33];
  int t0 = blockIdx.x * 32, c0 = blockIdx.y * 32;
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8) {
    int c = c0 + i, t = t0 + threadIdx.x;
    if (c < p.count && t < p.length) tile[i][threadIdx.x] = p.rows[(long long)c * p.pitch + t];
  }
  __syncthreads();
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8) {
    int t = t0 + i, c = c0 + threadIdx.x;
    if (t < p.length && c < p.count) store_element(p.to, (long long)t * p.channels + c, KIND, tile[threadIdx.x][i]);
  }
}
#endif

#if ENTRY_ROWS_OF_KERNELS
extern "C" __global__ void rows_of_kernels(Part p) {
  for (int t = blockIdx.x * 256 + threadIdx.x; t < p.pitch; t += gridDim.x * 256)
    p.rows[(long long)blockIdx.y * p.pitch + t] = t < p.length ? element_of(p.from, (long long)blockIdx.y * p.length + t, KIND) : 0.0f;
}
#endif

#if ENTRY_MULTIPLY
extern "C" __global__ void multiply(Part p) {
  float2 *X = (float2 *)p.rows;
  long long total = (long long)p.count * (p.pitch / 2);
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < total; i += gridDim.x * 256ll) {
    float2 x = X[i], k = __ldg(p.K + i);
    X[i] = make_float2((x.x * k.x - x.y * k.y) * p.scale, (x.x * k.y + x.y * k.x) * p.scale);
  }
}
#endif
