// The launches: segment states, their scan, outputs.

#if HOPPER
#define TENSOR_MAPS , const __grid_constant__ TensorMap mapX, const __grid_constant__ TensorMap mapB, const __grid_constant__ TensorMap mapC
#define READY_MAPS(loader, bars_at) start_loader(loader, bars_at, &mapX, &mapB, &mapC)
INLINE void start_loader(Loader &loader, u32 bars, const TensorMap *X, const TensorMap *B, const TensorMap *C) {
  loader.maps = {X, B, C};
  loader.bars = bars;
  loader.phases = 0;
  if (threadIdx.x == 0) {
    prefetch_map(X);
    prefetch_map(B);
    prefetch_map(C);
    for (int i = 0; i < 8; i++) barrier_init(bars + 8 * i);
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    publish();
  }
  __syncthreads();
}
#else
#define TENSOR_MAPS
#define READY_MAPS(loader, bars_at)
#endif
// Shared memory: slots, tiles of the state (outputs only), weights, slots of logA and dt, barriers. plan.ts counts the same.
template <int SLOTS, bool OUTPUT> struct Room {
  static constexpr int SLOT = 2 * X_BYTES + N_BYTES * (OUTPUT ? 2 : 1);
  static constexpr int TILES = SLOTS * SLOT;
  static constexpr int WEIGHTS = TILES + (OUTPUT ? 2 * N_BYTES : 0);
  static constexpr int STEPS = WEIGHTS + (OUTPUT ? 1024 : 0);
  // of the weights to the ends of blocks, those of the last block are no use to anyone
  static constexpr int BARS = OUTPUT ? WEIGHTS + 192 : STEPS + SLOTS * STEP_BYTES;
};

// 3. Passing states: from each segment's own to the one it begins with. A thread takes W values of one unit.
constexpr int W = NPAD >= 128 ? 4 : 2, VECTORS = CHANNELS * NPAD / W, AHEAD = NPAD >= 128 ? 16 : LOCAL_HALF ? 33 : 17;
// As they lie in memory: many are in flight at a time.
template <bool HALF> struct Raw { u32 words[HALF ? W / 2 : W]; };
template <bool HALF> INLINE Raw<HALF> read_states(const void *states, size_t vector) {
  constexpr int WORDS = HALF ? W / 2 : W;
  const u32 *from = (const u32 *)states + vector * WORDS;
  Raw<HALF> raw;
  if constexpr (WORDS == 1) {
    raw.words[0] = __ldcg(from);
  } else if constexpr (WORDS == 2) {
    uint2 u = __ldcg((const uint2 *)from);
    raw.words[0] = u.x;
    raw.words[1] = u.y;
  } else {
    uint4 u = __ldcg((const uint4 *)from);
    raw.words[0] = u.x;
    raw.words[1] = u.y;
    raw.words[2] = u.z;
    raw.words[3] = u.w;
  }
  return raw;
}
template <bool HALF> INLINE float value_of(const Raw<HALF> &raw, int i) {
  if constexpr (!HALF) return __uint_as_float(raw.words[i]);
  else return (i & 1) ? floats(raw.words[i >> 1]).y : floats(raw.words[i >> 1]).x;
}
template <bool HALF> INLINE void write_states(void *states, size_t vector, const float (&v)[W]) {
  if constexpr (HALF && W == 4) __stcg((uint2 *)states + vector, make_uint2(halves(v[0], v[1]), halves(v[2], v[3])));
  else if constexpr (HALF) __stcg((u32 *)states + vector, halves(v[0], v[1]));
  else if constexpr (W == 4) __stcg((float4 *)states + vector, make_float4(v[0], v[1], v[2], v[3]));
  else __stcg((float2 *)states + vector, make_float2(v[0], v[1]));
}
// Where value i of a vector lies in the operator's states: octets of threads, as octet_of has them; -1: nowhere.
INLINE long long place_in_states(const Problem &p, int unit, int vector, int i) {
  Place place = place_of(p, 0, unit >> 1);
  Slice slice = slice_of(p, place, unit & 1);
  int octet = vector / (8 / W), thread = octet & 127, w = thread >> 5, lane = thread & 31;
  int reg = 8 * (octet >> 7) + (vector % (8 / W)) * W + i;
  int channel = slice.channel + 16 * w + (lane >> 2) + ((reg & 2) << 2), n = 8 * (reg >> 2) + 2 * (lane & 3) + (reg & 1);
  if (!slice.exists || channel >= p.headDim || n >= p.state) return -1;
  return (((long long)place.batch * p.heads + slice.head) * p.headDim + channel) * p.state + n;
}
INLINE void start_of_scan(const Problem &p, int unit, int vector, float (&run)[W]) {
#pragma unroll
  for (int i = 0; i < W; i++) run[i] = 0.0f;
  if (!p.initialState) return;
#pragma unroll
  for (int i = 0; i < W; i++) {
    long long at = place_in_states(p, unit, vector, i);
    if (at >= 0) run[i] = __ldg(p.initialState + at);
  }
}
// The state behind the last segment is the final one.
INLINE void end_of_scan(const Problem &p, int unit, int vector, const float (&run)[W]) {
#pragma unroll
  for (int i = 0; i < W; i += 2) {
    long long at = place_in_states(p, unit, vector, i);
    if (at < 0) continue;
    if (WIDE) {
      __stcs((float2 *)(p.finalState + at), make_float2(run[i], run[i + 1]));
    } else {
      p.finalState[at] = run[i];
      if (place_in_states(p, unit, vector, i + 1) >= 0) p.finalState[at + 1] = run[i + 1];
    }
  }
}
extern __shared__ __align__(1024) unsigned char room[];

#if ENTRY_SEGMENT_STATES
extern "C" __global__ __launch_bounds__(THREADS, RESIDENT_STATES) void segment_states(const Problem p TENSOR_MAPS) {
  typedef Room<SLOTS_STATES, false> R;
  let_next_start();
  int all = p.pairs * p.groups * p.batch;
  Loader loader;
  loader.base = shared_address(room);
  loader.steps = loader.base + R::STEPS;
  READY_MAPS(loader, loader.base + R::BARS);
  segment_state<SLOTS_STATES>(p, loader, place_of(p, blockIdx.x / all, blockIdx.x % all));
}
#endif

#if ENTRY_PASS_STATES
extern "C" __global__ __launch_bounds__(128) void pass_states(const Problem p) {
  __shared__ float factors[MOST_SEGMENTS];
  let_next_start();
  wait_for_last();
  int all = blockIdx.x * 128 + threadIdx.x, unit = all / VECTORS, vector = all % VECTORS;
  size_t at = (size_t)unit * VECTORS + vector, stride = (size_t)units(p) * VECTORS;
  float run[W];
  Raw<LOCAL_HALF> own[AHEAD];
  start_of_scan(p, unit, vector, run);
#pragma unroll
  for (int i = 0; i < AHEAD; i++)
    if (i < p.segments) own[i] = read_states<LOCAL_HALF>(p.local, at + i * stride);
  for (int i = threadIdx.x; i < p.segments; i += 128) factors[i] = exp2_fast(__ldcg(p.decays + (size_t)i * units(p) + unit));
  __syncthreads();
#pragma unroll 1
  for (int s = 0; s < p.segments; s += AHEAD) {
    if (s)
#pragma unroll
      for (int i = 0; i < AHEAD; i++)
        if (s + i < p.segments) own[i] = read_states<LOCAL_HALF>(p.local, at + (s + i) * stride);
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (s + i < p.segments) {
        write_states<ENTRY_HALF>(p.entry, at + (s + i) * stride, run);
#pragma unroll
        for (int k = 0; k < W; k++) run[k] = fmaf(run[k], factors[s + i], value_of(own[i], k));
      }
  }
  if (FINAL_BY_SCAN) end_of_scan(p, unit, vector, run);
}
#endif

#if ENTRY_SEGMENT_OUTPUTS
extern "C" __global__ __launch_bounds__(THREADS, RESIDENT_OUTPUT) void segment_outputs(const Problem p TENSOR_MAPS) {
  typedef Room<SLOTS_OUTPUT, true> R;
  int all = p.pairs * p.groups * p.batch;
  Loader loader;
  loader.base = shared_address(room);
  loader.steps = loader.base + R::STEPS;
  READY_MAPS(loader, loader.base + R::BARS);
  Place place = place_of(p, blockIdx.x / all, blockIdx.x % all);
  segment_output<SLOTS_OUTPUT>(p, loader, place, loader.base + R::TILES, loader.base + R::WEIGHTS);
}
#endif
