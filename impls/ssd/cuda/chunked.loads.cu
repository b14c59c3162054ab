// Tiles of one chunk from memory into a slot of shared memory: X of both slices, B, and C where it is wanted. On Hopper the copy engine
// brings them, zeros outside the tensors; elsewhere every thread copies, and waits for its own copies.

// A workgroup's place: two slices of one group, and a stretch of chunks.
struct Place {
  int batch, group, pair, unit; // unit: the first of the two, among all
  int chunk0, count, segment;
};
struct Slice {
  int head, channel;
  bool exists; // the last workgroup of a group may have one slice only; its other half then computes it again
};

INLINE int units(const Problem &p) { return 2 * p.pairs * p.groups * p.batch; }
INLINE Place place_of(const Problem &p, int segment, int pair) {
  Place place;
  place.pair = pair % p.pairs;
  int group = pair / p.pairs;
  place.group = group % p.groups;
  place.batch = group / p.groups;
  place.unit = 2 * pair;
  place.segment = segment;
  place.chunk0 = (int)((long long)p.chunks * segment / p.segments);
  place.count = (int)((long long)p.chunks * (segment + 1) / p.segments) - place.chunk0;
  return place;
}
INLINE Slice slice_of(const Problem &p, const Place &place, int half) {
  int heads = p.heads / p.groups, all = heads * p.slices, wanted = 2 * place.pair + half;
  Slice slice;
  slice.exists = wanted < all;
  int index = slice.exists ? wanted : all - 1;
  slice.head = place.group * heads + index / p.slices;
  slice.channel = (index % p.slices) * CHANNELS;
  return slice;
}

// logA and dt of a chunk: [tensor][half][64]
INLINE void load_steps(const Problem &p, const Place &place, const Slice &first, const Slice &second, u32 to, int chunk) {
  int half = threadIdx.x & 1, row = (threadIdx.x >> 1) & 63, tensor = threadIdx.x >> 7, t = chunk * CHUNK + row;
  if (!HAS_DT && tensor == 1) return;
  bool inside = t < p.length;
  size_t from = ((size_t)place.batch * p.length + (inside ? t : 0)) * p.heads + (half ? second.head : first.head);
  copy_async(to + tensor * 512 + half * 256 + row * 4, (tensor ? p.dt : p.logA) + from, inside ? 4 : 0, 4);
}

#if HOPPER
struct Maps { const TensorMap *X, *B, *C; };
#endif

// Where tiles come from and when they are there.
struct Loader {
#if HOPPER
  Maps maps;
  u32 bars, phases;
#endif
  u32 base;  // the first slot
  u32 steps; // the first slot of logA and dt

  template <int SLOTS, bool WITH_C>
  INLINE void load(const Problem &p, const Place &place, const Slice &first, const Slice &second, int index, int chunk, int bytes) {
    int slot = index % SLOTS;
    u32 to = base + slot * bytes;
    load_steps(p, place, first, second, steps + slot * STEP_BYTES, chunk);
#if HOPPER
    if (threadIdx.x == 0) {
      u32 bar = bars + slot * 8;
      int t = chunk * CHUNK;
      barrier_expect(bar, 2 * X_BYTES + N_BYTES + (WITH_C ? N_BYTES : 0));
      copy_box(to, maps.X, first.channel, first.head, t, place.batch, bar);
      copy_box(to + X_BYTES, maps.X, second.channel, second.head, t, place.batch, bar);
#pragma unroll
      for (int i = 0; i < COLUMN_TILES; i++) copy_box(to + 2 * X_BYTES + i * 8192, maps.B, i * 64, place.group, t, place.batch, bar);
      if (WITH_C)
#pragma unroll
        for (int i = 0; i < COLUMN_TILES; i++)
          copy_box(to + 2 * X_BYTES + N_BYTES + i * 8192, maps.C, i * 64, place.group, t, place.batch, bar);
    }
#else
    copy_x(p, place, first, to, chunk);
    copy_x(p, place, second, to + X_BYTES, chunk);
    copy_n(p, place, p.B, to + 2 * X_BYTES, chunk);
    if (WITH_C) copy_n(p, place, p.C, to + 2 * X_BYTES + N_BYTES, chunk);
#endif
  }
#if HOPPER
  INLINE void wait(int slot) {
    barrier_wait(bars + slot * 8, (phases >> slot) & 1);
    phases ^= 1u << slot;
  }
#else
  INLINE void wait(int) {}

  INLINE void copy_x(const Problem &p, const Place &place, const Slice &slice, u32 to, int chunk) {
    for (int i = threadIdx.x; i < CHUNK * 8; i += THREADS) {
      int row = i >> 3, t = chunk * CHUNK + row, channel = slice.channel + (i & 7) * 8;
      size_t from = (((size_t)place.batch * p.length + t) * p.heads + slice.head) * p.headDim + channel;
      copy_eight(to + at_x(row, i & 7), p.X, from, t < p.length ? p.headDim - channel : 0);
    }
  }
  INLINE void copy_n(const Problem &p, const Place &place, const u16 *tensor, u32 to, int chunk) {
    for (int i = threadIdx.x; i < CHUNK * (NPAD / 8); i += THREADS) {
      int row = i / (NPAD / 8), piece = i % (NPAD / 8), t = chunk * CHUNK + row;
      size_t from = (((size_t)place.batch * p.length + t) * p.groups + place.group) * p.state + piece * 8;
      copy_eight(to + at_n(row, piece), tensor, from, t < p.length ? p.state - piece * 8 : 0);
    }
  }
  // eight values of a row, of which the first `count` exist
  INLINE void copy_eight(u32 to, const u16 *tensor, size_t from, int count) {
    if (WIDE) {
      copy_async(to, tensor + (count > 0 ? from : 0), count > 0 ? 16 : 0, 16);
    } else {
#pragma unroll
      for (int i = 0; i < 8; i++) store_u16(to + 2 * i, i < count ? tensor[from + i] : (u16)0);
    }
  }
#endif
};
