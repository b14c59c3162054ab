// Eight independent chains a thread, so that the latency of one is hidden by the others.
struct Rate { float *sink; int steps; };

extern "C" __global__ void multiply_add(Rate p) {
  float a[8];
  for (int k = 0; k < 8; k++) a[k] = threadIdx.x + k;
  for (int i = 0; i < p.steps; i++)
#pragma unroll
    for (int k = 0; k < 8; k++) a[k] = fmaf(a[k], 0.999f, 1e-3f);
  float sum = 0;
  for (int k = 0; k < 8; k++) sum += a[k];
  if (sum == 12345.0f) p.sink[0] = sum; // never: but the compiler cannot know
}
