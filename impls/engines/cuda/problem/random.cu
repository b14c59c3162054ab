// The twin of impls/random.ts and impls/tensor.ts: u32 arithmetic and exact scalings only, so bit-identical.
struct Random {
  void *T;
  long long total, cols, row0; // elements from row row0 on, which T begins with
  unsigned k0, k1, last, distribution, bits, kind;
};

__device__ float power_of_two(int k) {
  // below 2^-126 the value is denormal: zero, within the bound's floor
  return k > -127 ? __uint_as_float((unsigned)(k + 127) << 23) : 0.0f;
}

__device__ float magnitude(unsigned h, unsigned bits) {
  return (float)(2u * (h >> (33u - bits)) + 1u) * power_of_two(-(int)bits);
}

__device__ float mostly_positive(unsigned h, unsigned bits) {
  return (h & 7u) == 0u ? -magnitude(h, bits) : magnitude(h, bits);
}

__device__ float either_sign(unsigned h, unsigned bits) {
  return (h & 1u) == 0u ? magnitude(h, bits) : -magnitude(h, bits);
}

__device__ int order(unsigned i) {
  // [5,1,3,0,4,2,6,7], one digit each
  return (int)((0x76240315u >> (4u * (i & 7u))) & 15u);
}

// Equal weights stand 61 columns apart.
__device__ unsigned weight_column(unsigned col, unsigned last) { return col / last * 61u + (col % last) % 61u; }

__device__ int weight_halvings(unsigned last) {
  int halvings = 0;
  while (halvings < 16 && (1u << (2 * halvings)) < last) halvings++;
  return halvings;
}

__device__ float log_index(unsigned place) {
  int octave = 31 - __clz(place + 1u);
  return 0.6875f * ((float)octave + (float)(place + 1u) * power_of_two(-octave) - 1.0f);
}

__device__ float value_at(const Random &p, unsigned row, unsigned col) {
  unsigned place = p.distribution == 7u ? weight_column(col, p.last) : col;
  unsigned h = mix32(mix32(mix32(place + p.k0) ^ row) + p.k1);
  float step = __uint_as_float(0x3a000000u + (h >> 6));
  switch (p.distribution) {
    case 0: return mostly_positive(h, p.bits);
    case 1: return 8.0f * either_sign(h, p.bits);
    case 2: return step;
    case 3: return -step * power_of_two(4 - 2 * order(col));
    case 4: return -(float)(col % p.last + 1u) * power_of_two(-2 * order(col / p.last));
    case 6: return either_sign(h, p.bits);
    case 7: return either_sign(h, p.bits) * power_of_two(-weight_halvings(p.last));
    case 8: return -(2.0f + (float)(h >> 10) * power_of_two(-20));
    case 9: return log_index(col % p.last);
    default: return mostly_positive(h, p.bits) * power_of_two(-(int)((col % p.last) >> (6u + ((col / p.last) & 7u))));
  }
}

extern "C" __global__ void random_values(Random p) {
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < p.total; i += gridDim.x * 256ll) {
    float value = value_at(p, (unsigned)(p.row0 + i / p.cols), (unsigned)(i % p.cols));
    store_element(p.T, i, p.kind, value);
  }
}
