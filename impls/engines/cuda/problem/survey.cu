// Over all elements of one output: how many are not finite, where the first is, and a hash of all bits that does not depend on the
// order of the threads.
struct Survey {
  const unsigned *T;
  unsigned long long *found; // count, first, hash
  long long total;           // elements
  unsigned kind;             // elements.cu
};

__device__ void note(const Survey &p, long long index) {
  atomicAdd(&p.found[0], 1ull);
  atomicMin(&p.found[1], (unsigned long long)index);
}

extern "C" __global__ void survey(Survey p) {
  unsigned hash = 0;
  unsigned exponent = p.kind == 1u ? 0x7c00u : 0x7f80u;
  long long words = p.kind ? (p.total + 1) / 2 : p.total;
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < words; i += gridDim.x * 256ll) {
    unsigned word = p.T[i];
    if (p.kind) {
      if (2 * i + 1 == p.total) word &= 0xffffu; // an odd tail: the upper half is padding
      if ((word & exponent) == exponent) note(p, 2 * i);
      if ((word & (exponent << 16)) == exponent << 16) note(p, 2 * i + 1);
    } else if ((word & 0x7f800000u) == 0x7f800000u) {
      note(p, i);
    }
    hash += mix32(word ^ mix32((unsigned)i ^ mix32((unsigned)(i >> 32))));
  }
  atomicAdd((unsigned *)&p.found[2], hash);
}
