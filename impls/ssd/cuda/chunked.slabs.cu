// One launch that reads X from memory once: the second walk over a slab of time comes after the first walk over the next slab, so that it
// finds X in the L2 cache, and so that no workgroup waits for what it has just asked for. The workgroups of a pair wait for each other:
// all of them live on the card at a time (a cooperative launch).
#if ENTRY_SLAB_OUTPUTS && HOPPER

constexpr int SIGNAL_WORDS = 32; // between counters, so that they lie in lines of their own

// What all threads of this workgroup wrote is seen by whoever has waited for the signal.
INLINE void signal(u32 *count) {
  __syncthreads();
  if (threadIdx.x == 0) asm volatile("fence.acq_rel.gpu;\n red.release.gpu.global.add.u32 [%0], 1;" ::"l"(count) : "memory");
}
INLINE void await_signals(const u32 *count, u32 wanted) {
  if (threadIdx.x == 0) {
    u32 seen;
    do asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(count) : "memory");
    while (seen < wanted);
  }
  __syncthreads();
}

// Shared memory of both walks in turn; the decays of a slab's segments behind the slots of the first, for the time of the scan.
struct SlabRoom {
  typedef Room<SLOTS_STATES, false> First;
  typedef Room<SLOTS_OUTPUT, true> Second;
  static constexpr int FACTORS = First::STEPS + SLOTS_STATES * STEP_BYTES;
  static constexpr int END = Second::STEPS + SLOTS_OUTPUT * STEP_BYTES;
  // where the second walk fills all of it, barriers lie among its weights, which the slots of the first do not reach
  static constexpr int BARS = NPAD == 256 ? Second::WEIGHTS + 192 : FACTORS + 2 * MOST_SEGMENTS * 4 > END ? FACTORS + 2 * MOST_SEGMENTS * 4 : END;
  static_assert(FACTORS >= (SLOTS_OUTPUT - 1) * Second::SLOT, "the first tiles of the second walk are on their way during the scan");
};

// 3. Passing states over one slab: a workgroup takes its share of the pair's values, over all segments, and leaves in the place of each
// segment's own state the one that it begins with.
#ifdef SCAN_INLINE
#define SCAN_FUNCTION INLINE
#else
#define SCAN_FUNCTION __device__ __noinline__
#endif
#ifdef SCAN_AHEAD
#define AHEAD SCAN_AHEAD
#endif
SCAN_FUNCTION void pass_slab(const Problem &p, int slab, int unit, int s, int beside, u32 factors) {
  int border = (slab & 1) * beside, share = ((2 * VECTORS + beside - 1) / beside + 31) & ~31;
  size_t stride = (size_t)units(p) * VECTORS;
  for (int i = threadIdx.x; i < 2 * beside; i += THREADS) {
    float l = __ldcg(p.decays + (size_t)(border + (i >> 1)) * units(p) + unit + (i & 1));
    store_u32(factors + i * 4, __float_as_uint(exp2_fast(l)));
  }
  __syncthreads();
#pragma unroll 1
  for (int i = threadIdx.x; i < share; i += THREADS) {
    int all = s * share + i, half = all / VECTORS, vector = all % VECTORS;
    if (all >= 2 * VECTORS) break;
    float run[W];
    size_t at = (size_t)(unit + half) * VECTORS + vector;
    if (slab == 0) {
      start_of_scan(p, unit + half, vector, run);
    } else {
      Raw<false> raw = read_states<false>(p.carry, at);
#pragma unroll
      for (int k = 0; k < W; k++) run[k] = value_of(raw, k);
    }
    size_t own_at = at + border * stride;
#pragma unroll 1
    for (int from = 0; from < beside; from += AHEAD) {
      Raw<LOCAL_HALF> own[AHEAD];
#pragma unroll
      for (int j = 0; j < AHEAD; j++)
        if (from + j < beside) own[j] = read_states<LOCAL_HALF>(p.local, own_at + (from + j) * stride);
      asm volatile("" : "+l"(own_at)); // addresses are computed again: they would cost more registers than what they are of
#pragma unroll
      for (int j = 0; j < AHEAD; j++)
        if (from + j < beside) {
          write_states<ENTRY_HALF>(p.entry, own_at + (from + j) * stride, run);
          float factor = load_f1(factors + (2 * (from + j) + half) * 4);
#pragma unroll
          for (int k = 0; k < W; k++) run[k] = fmaf(run[k], factor, value_of(own[j], k));
        }
    }
    if (slab + 1 < p.slabs) write_states<false>(p.carry, at, run);
  }
}

// Where a workgroup stands; read anew for each slab, so that the walks have the registers.
struct Standing {
  int pair, s, beside; // its pair; its segment among those of a slab
  INLINE Standing(const Problem &p) {
    u32 block, blocks;
    asm volatile("mov.u32 %0, %%ctaid.x;\n mov.u32 %1, %%nctaid.x;" : "=r"(block), "=r"(blocks));
    int all = p.pairs * p.groups * p.batch;
    pair = block % all;
    s = block / all;
    beside = blocks / all;
  }
  INLINE Place place(const Problem &p, int slab) const {
    Place at = place_of(p, slab * beside + s, pair);
    at.border = (slab & 1) * beside + s;
    return at;
  }
  INLINE u32 *ends(const Problem &p) const { return p.signals + 2 * pair * SIGNAL_WORDS; }
  INLINE u32 *entries(const Problem &p) const { return ends(p) + SIGNAL_WORDS; }
};
INLINE u32 room_address() {
  u32 base = shared_address(room);
  asm volatile("" : "+r"(base));
  return base;
}
INLINE void first_walk(Loader &loader) {
  loader.bar0 = 0;
  loader.base = room_address();
  loader.steps = loader.base + SlabRoom::First::STEPS;
}
INLINE void second_walk(Loader &loader) {
  loader.bar0 = 4;
  loader.base = room_address();
  loader.steps = loader.base + SlabRoom::Second::STEPS;
}

extern "C" __global__ __launch_bounds__(THREADS, RESIDENT_OUTPUT) void slab_outputs(const __grid_constant__ Problem p TENSOR_MAPS) {
  Loader loader;
  loader.base = shared_address(room);
  READY_MAPS(loader, loader.base + SlabRoom::BARS);
  first_walk(loader);
  start_backwards<SLOTS_STATES>(p, loader, Standing(p).place(p, 0));
#pragma unroll 1
  for (int slab = -1; slab < p.slabs; slab++) {
    if (slab >= 0) {
      Standing here(p);
      if (slab + 1 == p.slabs) {
        second_walk(loader);
        start_forwards<SLOTS_OUTPUT>(p, loader, here.place(p, slab));
      }
      await_signals(here.ends(p), here.beside * (slab + 1));
      pass_slab(p, slab, 2 * here.pair, here.s, here.beside, loader.base + SlabRoom::FACTORS);
      signal(here.entries(p));
    }
    if (slab + 1 < p.slabs) {
      Standing here(p);
      first_walk(loader);
      segment_state<SLOTS_STATES>(p, loader, here.place(p, slab + 1));
      signal(here.ends(p));
      second_walk(loader);
      if (slab >= 0) start_forwards<SLOTS_OUTPUT>(p, loader, here.place(p, slab));
    }
    if (slab >= 0) {
      Standing here(p);
      await_signals(here.entries(p), here.beside * (slab + 1));
      second_walk(loader);
      segment_output<SLOTS_OUTPUT>(p, loader, here.place(p, slab), loader.base + SlabRoom::Second::TILES,
                                   loader.base + SlabRoom::Second::WEIGHTS);
      publish();
      __syncthreads();
    }
    if (slab + 2 < p.slabs) {
      first_walk(loader);
      start_backwards<SLOTS_STATES>(p, loader, Standing(p).place(p, slab + 2));
    }
  }
  // the last workgroup to end leaves the counters as it found them
  if (threadIdx.x == 0) {
    int all = p.pairs * p.groups * p.batch;
    u32 before;
    asm volatile("atom.acq_rel.gpu.global.inc.u32 %0, [%1], %2;"
                 : "=r"(before) : "l"(p.signals + 2 * all * SIGNAL_WORDS), "r"(gridDim.x - 1) : "memory");
    if (before == gridDim.x - 1)
      for (int i = 0; i < 2 * all; i++) p.signals[i * SIGNAL_WORDS] = 0;
  }
}
#endif
