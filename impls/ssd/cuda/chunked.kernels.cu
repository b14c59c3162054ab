// The launches: segment states, their scan, outputs; or all three in one where every workgroup is on the device at a time.

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
// the next kernel may start: what it reads of this one it waits for itself
INLINE void let_next_start() {
#if HOPPER
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
INLINE void wait_for_last() {
#if HOPPER
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Shared memory: slots, tiles of the state (outputs only), weights, slots of logA and dt, barriers. chunked/sizes.ts counts the same.
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
// Where value i of a vector lies in the state: octets of threads, as octet_of has them.
INLINE void start_of_scan(const Problem &p, int unit, int vector, float (&run)[W]) {
#pragma unroll
  for (int i = 0; i < W; i++) run[i] = 0.0f;
  if (!p.initialState) return;
  Place place = place_of(p, 0, unit >> 1);
  Slice slice = slice_of(p, place, unit & 1);
  int octet = vector / (8 / W), thread = octet & 127, w = thread >> 5, lane = thread & 31;
#pragma unroll
  for (int i = 0; i < W; i++) {
    int reg = 8 * (octet >> 7) + (vector % (8 / W)) * W + i;
    int channel = slice.channel + 16 * w + (lane >> 2) + ((reg & 2) << 2), n = 8 * (reg >> 2) + 2 * (lane & 3) + (reg & 1);
    if (channel < p.headDim && n < p.state)
      run[i] = __ldg(p.initialState + (((size_t)place.batch * p.heads + slice.head) * p.headDim + channel) * p.state + n);
  }
}
template <class Factor> INLINE void scan_states(const Problem &p, int unit, int vector, bool on, Factor factor, bool &ready) {
  float run[W];
  Raw<LOCAL_HALF> v[AHEAD];
  size_t at = (size_t)unit * VECTORS + vector, stride = (size_t)units(p) * VECTORS;
  if (on) {
    start_of_scan(p, unit, vector, run);
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (i < p.segments) v[i] = read_states<LOCAL_HALF>(p.local, at + i * stride);
  }
  if (!ready) factor.prepare();
  ready = true;
  if (!on) return;
#pragma unroll 1
  for (int s = 0; s < p.segments; s += AHEAD) {
    if (s)
#pragma unroll
      for (int i = 0; i < AHEAD; i++)
        if (s + i < p.segments) v[i] = read_states<LOCAL_HALF>(p.local, at + (s + i) * stride);
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (s + i < p.segments) {
        write_states<ENTRY_HALF>(p.entry, at + (s + i) * stride, run);
        float by = factor.of(s + i, unit & 1);
#pragma unroll
        for (int k = 0; k < W; k++) run[k] = fmaf(run[k], by, value_of(v[i], k));
      }
  }
}
// The decays of a pair's segments as factors, in shared memory.
struct Factors {
  const Problem &p;
  float *table;
  int unit; // the pair's first
  INLINE void prepare() {
    for (int i = threadIdx.x; i < 2 * p.segments; i += blockDim.x)
      table[i] = exp2_fast(__ldcg(p.decays + (size_t)(i >> 1) * units(p) + unit + (i & 1)));
    __syncthreads();
  }
  INLINE float of(int segment, int half) { return table[2 * segment + half]; }
};

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
  segment_state<SLOTS_STATES, false>(p, loader, place_of(p, blockIdx.x / all, blockIdx.x % all));
}
#endif

#if ENTRY_PASS_STATES
extern "C" __global__ __launch_bounds__(128) void pass_states(const Problem p) {
  __shared__ float table[2 * MOST_SEGMENTS];
  let_next_start();
  wait_for_last();
  int vector = blockIdx.x * 128 + threadIdx.x, unit = vector / VECTORS;
  Factors factors = {p, table, unit & ~1};
  bool ready = false;
  scan_states(p, unit, vector % VECTORS, true, factors, ready);
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
  segment_output<SLOTS_OUTPUT, false>(p, loader, place, loader.base + R::TILES, loader.base + R::WEIGHTS);
}
#endif

// All workgroups of a pair meet; the counter runs from 0 to 2 segments - 1 and round again, so that no launch has to reset it.
INLINE void meet(u32 *counter, u32 segments) {
  __syncthreads();
  if (threadIdx.x == 0) {
    u32 old, now;
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
    asm volatile("atom.relaxed.gpu.inc.u32 %0, [%1], %2;" : "=r"(old) : "l"(counter), "r"(2 * segments - 1) : "memory");
    do {
      asm volatile("ld.acquire.gpu.u32 %0, [%1];" : "=r"(now) : "l"(counter) : "memory");
    } while (old < segments ? now < segments : now >= segments);
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
  }
  __syncthreads();
}

// Of a pair's states each of its workgroups passes on a share.
INLINE void pass_in_place(const Problem &p, const Place &place, float *table) {
  Factors factors = {p, table, place.unit};
  int share = ((2 * VECTORS + p.segments - 1) / p.segments + 31) & ~31, from = place.segment * share;
  int to = min(from + share, 2 * VECTORS);
  bool ready = false;
  for (int i = from; i < to || !ready; i += THREADS) {
    int vector = i + threadIdx.x;
    bool on = vector < to;
    scan_states(p, place.unit + (on ? vector / VECTORS : 0), on ? vector % VECTORS : 0, on, factors, ready);
  }
}

#if ENTRY_FUSED
extern "C" __global__ __launch_bounds__(THREADS, RESIDENT_FUSED) void fused(const Problem p TENSOR_MAPS) {
  typedef Room<SLOTS_FUSED, true> R;
  int all = p.pairs * p.groups * p.batch;
  Loader loader;
  loader.base = shared_address(room);
  loader.steps = loader.base + R::STEPS;
  READY_MAPS(loader, loader.base + R::BARS);
  Place place = place_of(p, blockIdx.x / all, blockIdx.x % all);
  u32 *counter = p.counters + 32 * (blockIdx.x % all);
  segment_state<SLOTS_FUSED, true>(p, loader, place);
  meet(counter, p.segments);
  if (!DIRECT) {
    pass_in_place(p, place, (float *)(room + R::TILES)); // the state's tiles are free here
    meet(counter, p.segments);
  }
  segment_output<SLOTS_FUSED, true>(p, loader, place, loader.base + R::TILES, loader.base + R::WEIGHTS);
}
#endif
