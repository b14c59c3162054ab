// The chunked form in f32: every factor of a product is split into two of TF32, and three of their four products are summed (3xTF32). A
// workgroup takes one chunk of one head and slice of 64 channels; four warps have sixteen rows each.
// NPAD columns of the state, padded; WIDE 1 where rows start at multiples of sixteen bytes; HAS_DT, HAS_Z, HAS_D (1 a head, 2 a channel),
// HAS_INITIAL; ENTRY_CHUNK_STATES, ENTRY_PASS_STATES, ENTRY_CHUNK_OUTPUTS.
#define INLINE __device__ __forceinline__
typedef unsigned u32;
constexpr int CHUNK = 64, CHANNELS = 64, THREADS = 128;

struct Problem {
  const float *X, *B, *C, *logA, *dt, *D, *z, *initialState;
  float *Y, *finalState;
  float *states;  // (batch chunks heads headDim state): what each chunk adds, then where it begins
  double *decays; // (batch chunks heads): log2 over a whole chunk
  int batch, length, heads, groups, headDim, state;
  int slices, chunks;
};

struct Place {
  int batch, chunk, head, group, channel0;
  int first, count; // tokens
};
INLINE Place place_of(const Problem &p) {
  Place place;
  place.head = blockIdx.x / p.slices;
  place.channel0 = blockIdx.x % p.slices * CHANNELS;
  place.chunk = blockIdx.y;
  place.batch = blockIdx.z;
  place.group = place.head / (p.heads / p.groups);
  place.first = place.chunk * CHUNK;
  place.count = min(CHUNK, p.length - place.first);
  return place;
}

// Four neighbours of a row of which the first `count` exist.
INLINE float4 four_of(const float *from, int count) {
  float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (WIDE && count > 0) v = __ldg((const float4 *)from);
  if (!WIDE && count > 0) v.x = __ldg(from);
  if (!WIDE && count > 1) v.y = __ldg(from + 1);
  if (!WIDE && count > 2) v.z = __ldg(from + 2);
  if (!WIDE && count > 3) v.w = __ldg(from + 3);
  return v;
}
// 64 rows of a tensor, `pitch` apart, into rows of LD floats, each times a factor; zeros behind the last row and column.
template <int COLUMNS, int LD, class Factor>
INLINE void load_tile(float *to, const float *from, int rows, size_t pitch, int columns, Factor factor) {
#pragma unroll 8
  for (int i = threadIdx.x; i < 64 * COLUMNS / 4; i += THREADS) {
    int row = i / (COLUMNS / 4), column = i % (COLUMNS / 4) * 4;
    float4 v = four_of(from + (row < rows ? row * pitch + column : 0), row < rows ? columns - column : 0);
    float f = factor(row);
    *(float4 *)(to + row * LD + column) = make_float4(f * v.x, f * v.y, f * v.z, f * v.w);
  }
}
INLINE float one(int) { return 1.0f; }

// The running sums of log decays in log2, in f64 so that their differences are as good as sums over the segment between; -infinity, which
// has no difference, becomes what no exponential survives.
INLINE void sum_decays(const Problem &p, const Place &place, double *sums) {
  if (threadIdx.x < 32) {
    const float *logA = p.logA + ((size_t)place.batch * p.length + place.first) * p.heads + place.head;
    double own[2], sum;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      int t = 2 * threadIdx.x + i;
      double l = 0.0;
      if (t < place.count) l = __ldg(logA + (size_t)t * p.heads) * 1.4426950408889634;
      own[i] = l < -1e6 ? -1e6 : l; // a NaN stays one
    }
    sum = own[0] + own[1];
#pragma unroll
    for (int o = 1; o < 32; o <<= 1) {
      double before = __shfl_up_sync(0xffffffffu, sum, o);
      if (threadIdx.x >= o) sum += before;
    }
    sums[2 * threadIdx.x] = sum - own[1];
    sums[2 * threadIdx.x + 1] = sum;
  }
  __syncthreads();
}
INLINE float exp2_of(double x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"((float)x));
  return y;
}
INLINE float step_at(const Problem &p, const Place &place, int q) {
  if (q >= place.count) return 0.0f;
  return HAS_DT ? __ldg(p.dt + ((size_t)place.batch * p.length + place.first + q) * p.heads + place.head) : 1.0f;
}

// A factor as the sum of two: eleven bits, rounded, and what is left. A NaN is left over.
struct Split {
  u32 high, low;
};
INLINE Split split(float v) {
  u32 high = (__float_as_uint(v) + 0x1000u) & 0xffffe000u;
  return {high, __float_as_uint(v - __uint_as_float(high))};
}
INLINE void product(float (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
// sums[16, 8] += A[16, 8] B[8, 8], the small products first. Of lane 4 g + j, rows are g and g + 8, terms j and j + 4; B's column is g;
// sums are columns 2 j and 2 j + 1 of row g, then of row g + 8.
INLINE void products(float (&d)[4], const Split (&a)[4], float b0, float b1) {
  Split first = split(b0), last = split(b1);
  product(d, a[0].low, a[1].low, a[2].low, a[3].low, first.high, last.high);
  product(d, a[0].high, a[1].high, a[2].high, a[3].high, first.low, last.low);
  product(d, a[0].high, a[1].high, a[2].high, a[3].high, first.high, last.high);
}
