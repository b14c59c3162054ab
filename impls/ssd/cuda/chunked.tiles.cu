// What a workgroup holds and how it is addressed. Sizes by the definitions that chunked.ts gives:
//   BFLOAT 1 for storage in bf16, else f16, NPAD 16, 32, 64, 128 or 256 columns of state,
//   MMA_SYNC 1 for products of 16 x 8 x 16, WIDE 1 where every row starts at 16 bytes,
//   ONE_CHUNK a segment has one chunk, FINAL_BY_SCAN the scan between the walks writes the final state,
//   HAS_DT, HAS_Z, HAS_D (1 a head, 2 a channel), LOCAL_HALF and ENTRY_HALF for the states at the borders of segments
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) && !MMA_SYNC
#define HOPPER 1
#else
#define HOPPER 0
#endif
#define INLINE __device__ __forceinline__
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;

struct alignas(64) TensorMap { u64 words[16]; };

// Tensors as the operator names them; a slice is 64 channels of one head, a unit one of a workgroup's two slices.
struct Problem {
  const u16 *X, *B, *C;
  const float *logA, *dt, *D;
  const u16 *z;
  const float *initialState;
  u16 *Y;
  float *finalState;
  void *local, *entry; // states at the ends of segments, and where they begin
  float *decays;       // log2 of each segment's decay, a unit
  int batch, length, heads, groups, headDim, state;
  int slices, pairs;   // slices a head, workgroups a group
  int chunks, segments;
};

constexpr int CHUNK = 64, CHANNELS = 64, THREADS = 256;
constexpr int X_BYTES = CHUNK * CHANNELS * 2;
constexpr int N_BYTES = CHUNK * NPAD * 2;               // a tile of B, C or the state
constexpr int ROW_BYTES = NPAD >= 64 ? 128 : NPAD * 2;  // of a swizzled row: tiles are cut into columns of 64
constexpr int COLUMN_TILES = NPAD >= 64 ? NPAD / 64 : 1;
constexpr int STATE_REGS = NPAD / 2;                    // values of the state a thread holds
constexpr int STEP_BYTES = 2 * CHUNK * 8;               // logA and dt of two slices
constexpr float LOWEST = BFLOAT ? -126.0f : -64.0f;     // log2 of a decay: below it nothing of the storage type is left

// Address of the 16 bytes `piece` of a row: bits 4 to 6 are crossed with the row, as the copy engine and the products have it.
INLINE u32 at_n(int row, int piece) {
  if (NPAD >= 64) return (piece >> 3) * 8192 + row * 128 + (((piece & 7) ^ (row & 7)) << 4);
  if (NPAD == 32) return row * 64 + ((piece ^ ((row >> 1) & 3)) << 4);
  return row * 32 + ((piece ^ ((row >> 2) & 1)) << 4);
}
INLINE u32 at_x(int row, int piece) { return row * 128 + ((piece ^ (row & 7)) << 4); }

INLINE u32 shared_address(const void *p) { return (u32)__cvta_generic_to_shared(p); }
INLINE float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// log2 of a decay; a NaN stays one
INLINE float log2_decay(float logA) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(logA * 1.4426950408889634f), "f"(LOWEST));
  return y;
}
// Two values of storage: f16, or bf16 where BFLOAT is 1.
INLINE u32 halves(float low, float high) {
  u32 r;
  if (BFLOAT) asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  else asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
INLINE float2 floats(u32 v) {
  if (BFLOAT) return make_float2(__uint_as_float(v << 16), __uint_as_float(v & 0xffff0000u));
  float2 r;
  asm("{.reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h;}" : "=f"(r.x), "=f"(r.y) : "r"(v));
  return r;
}
INLINE float from_lane(float v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }

INLINE float2 load_f2(u32 a) {
  float2 v;
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(v.x), "=f"(v.y) : "r"(a) : "memory");
  return v;
}
INLINE uint4 load_u4(u32 a) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(a) : "memory");
  return v;
}
INLINE void store_f2(u32 a, float x, float y) { asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(a), "f"(x), "f"(y) : "memory"); }
INLINE void store_u32(u32 a, u32 v) { asm volatile("st.shared.u32 [%0], %1;" ::"r"(a), "r"(v) : "memory"); }
INLINE void store_u16(u32 a, u16 v) { asm volatile("st.shared.u16 [%0], %1;" ::"r"(a), "h"(v) : "memory"); }

// Four 8 x 8 matrices; lane l gives the address of row l % 8 of matrix l / 8.
INLINE void load_matrices(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}
INLINE void load_transposed(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}

// Rows 16 w to 16 w + 15 of sums, two columns of eight (8 j and 8 j + 8) at a time, into a tile of storage.
template <class Address> INLINE void store_rows(const float *sums, int j, int w, int lane, Address address) {
  u32 a = halves(sums[4 * j], sums[4 * j + 1]), b = halves(sums[4 * j + 2], sums[4 * j + 3]);
  u32 c = halves(sums[4 * j + 4], sums[4 * j + 5]), d = halves(sums[4 * j + 6], sums[4 * j + 7]);
#if __CUDA_ARCH__ >= 900
  int row = 16 * w + (((lane >> 3) & 1) << 3) + (lane & 7);
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};"
               ::"r"(address(row, j + (lane >> 4))), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
#else
  int row = 16 * w + (lane >> 2), q = (lane & 3) * 4;
  store_u32(address(row, j) + q, a);
  store_u32(address(row + 8, j) + q, b);
  store_u32(address(row, j + 1) + q, c);
  store_u32(address(row + 8, j + 1) + q, d);
#endif
}

// The threads of one slice.
INLINE void slice_barrier(int half) { asm volatile("bar.sync %0, 128;" ::"r"(1 + half) : "memory"); }
// What ordinary stores wrote into shared memory, before products or copies of the engine look at it.
INLINE void publish() {
#if HOPPER
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
