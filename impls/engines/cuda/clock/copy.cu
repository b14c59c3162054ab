// Sixteen bytes a thread and step, in and out.
struct Copy { const uint4 *from; uint4 *to; long long total; };

extern "C" __global__ void copy(Copy p) {
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < p.total; i += gridDim.x * 256ll) p.to[i] = p.from[i];
}
