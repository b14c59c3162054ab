// The two walks over a segment's chunks. Decays are exponentials of sums over what lies between two tokens, in log2; only inside a block
// of 16 tokens are differences of the block's own running sums taken (README, "Sixteen tokens").

// The next kernel may start: what it reads of this one it waits for itself.
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

// States at the borders of segments, in the order of the threads that hold them: 8 values a thread and step.
template <bool HALF> INLINE void store_octet(void *states, size_t octet, const float *v) {
  if (HALF) {
    __stcg((uint4 *)states + octet, make_uint4(halves(v[0], v[1]), halves(v[2], v[3]), halves(v[4], v[5]), halves(v[6], v[7])));
  } else {
    __stcg((float4 *)states + 2 * octet, make_float4(v[0], v[1], v[2], v[3]));
    __stcg((float4 *)states + 2 * octet + 1, make_float4(v[4], v[5], v[6], v[7]));
  }
}
template <bool HALF> INLINE void load_octet(const void *states, size_t octet, float *v) {
  if (HALF) {
    uint4 u = __ldcg((const uint4 *)states + octet);
    u32 words[4] = {u.x, u.y, u.z, u.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float2 pair = floats(words[i]);
      v[2 * i] = pair.x;
      v[2 * i + 1] = pair.y;
    }
  } else {
    float4 a = __ldcg((const float4 *)states + 2 * octet), b = __ldcg((const float4 *)states + 2 * octet + 1);
    v[0] = a.x; v[1] = a.y; v[2] = a.z; v[3] = a.w;
    v[4] = b.x; v[5] = b.y; v[6] = b.z; v[7] = b.w;
  }
}
INLINE size_t octet_of(const Problem &p, int segment, int unit, int step, int thread) {
  return (((size_t)segment * units(p) + unit) * (NPAD / 16) + step) * 128 + thread;
}

// log2 decays and steps of tokens 2 lane and 2 lane + 1
INLINE void steps_of(u32 steps, int half, int lane, float2 &l, float2 &d) {
  float2 logA = load_f2(steps + half * 256 + lane * 8);
  l = make_float2(log2_decay(logA.x), log2_decay(logA.y));
  d = HAS_DT ? load_f2(steps + 512 + half * 256 + lane * 8) : make_float2(1.0f, 1.0f);
}

// S += (w X)' B: w(j) gives the weights of tokens 8 j + 2 (lane % 4) and the next one
template <class Weights>
INLINE void update_state(float (&state)[STATE_REGS], u32 x, u32 b, int w, int lane, Weights weights) {
  u32 A[4][4];
  int row = (lane & 7) + ((lane >> 4) << 3), piece = 2 * w + ((lane >> 3) & 1);
#pragma unroll
  for (int k = 0; k < 4; k++) {
    load_transposed(A[k], x + at_x(16 * k + row, piece));
    float2 early = weights(2 * k), late = weights(2 * k + 1);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float2 v = floats(A[k][i]), by = i < 2 ? early : late;
      A[k][i] = halves(v.x * by.x, v.y * by.y);
    }
  }
  add_to_state(state, A, b, lane);
}

// 2. Chunk states, summed to the segment's own. Backwards: a token's weight is its decay to the end of the segment, so that the state is
// never rescaled.
template <int SLOTS> INLINE void segment_state(const Problem &p, Loader &loader, const Place &place) {
  constexpr int BYTES = 2 * X_BYTES + N_BYTES;
  int half = threadIdx.x >> 7, thread = threadIdx.x & 127, w = thread >> 5, lane = threadIdx.x & 31, q = lane & 3;
  Slice first = slice_of(p, place, 0), second = slice_of(p, place, 1);
  float state[STATE_REGS];
#pragma unroll
  for (int i = 0; i < STATE_REGS; i++) state[i] = 0.0f;
  float tail = 0.0f;
  auto load = [&](int i) {
    if (i >= 0) loader.template load<SLOTS, false>(p, place, first, second, i, place.chunk0 + i, BYTES);
    copies_end();
  };
#pragma unroll 1
  for (int i = 0; i < SLOTS - 1; i++) load(place.count - 1 - i);
#pragma unroll 1
  for (int i = place.count - 1; i >= 0; i--) {
    int slot = i % SLOTS;
    copies_wait<SLOTS - 2>();
    __syncthreads();
    load(i - (SLOTS - 1));
    u32 x = loader.base + slot * BYTES + half * X_BYTES, b = loader.base + slot * BYTES + 2 * X_BYTES;
    float2 l, d;
    steps_of(loader.steps + slot * STEP_BYTES, half, lane, l, d);
    // sums over the tokens after each one, to the end of the chunk
    float sum = l.x + l.y;
#pragma unroll
    for (int o = 1; o < 32; o <<= 1) {
      float other = __shfl_down_sync(0xffffffffu, sum, o);
      if (lane + o < 32) sum += other;
    }
    float after = __shfl_down_sync(0xffffffffu, sum, 1);
    if (lane == 31) after = 0.0f;
    float w0 = exp2_fast(tail + (after + l.y)) * d.x, w1 = exp2_fast(tail + after) * d.y;
    tail += from_lane(sum, 0);
    loader.wait(slot);
    update_state(state, x, b, w, lane, [&](int j) { return make_float2(from_lane(w0, 4 * j + q), from_lane(w1, 4 * j + q)); });
    products_wait<0>();
  }
#pragma unroll
  for (int i = 0; i < NPAD / 16; i++)
    store_octet<LOCAL_HALF>(p.local, octet_of(p, place.segment, place.unit + half, i, thread), state + 8 * i);
  if (thread == 0) __stcg(p.decays + (size_t)place.segment * units(p) + place.unit + half, tail);
}

// What a row of a warp's 16 x 64 scores needs: its own running sum in its block, and the sums of the blocks.
struct Decays {
  float block[4];          // log2 of whole blocks
  float row0, row1;        // of the block's tokens up to rows r and r + 8
  float column[4], dt[4];  // up to columns 2q, 2q + 1, 2q + 8, 2q + 9 of the diagonal block, and their steps
};

// 1. Diagonal blocks: scores times decays, as factors of a product with X.
INLINE void mask_scores(u32 (&M)[4][4], const float (&G)[32], const Decays &decay, int w, int lane, u32 weights) {
  int q = lane & 3, r = lane >> 2;
  float from0 = decay.row0, from1 = decay.row1; // from the end of block J to the rows
#pragma unroll
  for (int J = 3; J >= 0; J--) {
    if (J == w) {
      float e[8];
#pragma unroll
      for (int i = 0; i < 8; i++) { // bit 0: next column, bit 1: eight rows below, bit 2: eight columns on
        int column = 2 * q + (i & 1) + ((i >> 2) << 3), row = r + (((i >> 1) & 1) << 3), at = (i & 1) + ((i >> 2) << 1);
        float value = exp2_fast((((i >> 1) & 1) ? decay.row1 : decay.row0) - decay.column[at]) * decay.dt[at] * G[8 * J + i];
        e[i] = column <= row ? value : 0.0f;
      }
#pragma unroll
      for (int i = 0; i < 4; i++) M[J][i] = halves(e[2 * i], e[2 * i + 1]);
    } else if (J < w) {
      float v0 = exp2_fast(from0), v1 = exp2_fast(from1);
      float2 a = load_f2(weights + (16 * J + 2 * q) * 4), b = load_f2(weights + (16 * J + 8 + 2 * q) * 4);
      M[J][0] = halves(G[8 * J] * v0 * a.x, G[8 * J + 1] * v0 * a.y);
      M[J][1] = halves(G[8 * J + 2] * v1 * a.x, G[8 * J + 3] * v1 * a.y);
      M[J][2] = halves(G[8 * J + 4] * v0 * b.x, G[8 * J + 5] * v0 * b.y);
      M[J][3] = halves(G[8 * J + 6] * v1 * b.x, G[8 * J + 7] * v1 * b.y);
      from0 += decay.block[J];
      from1 += decay.block[J];
    } else {
      M[J][0] = M[J][1] = M[J][2] = M[J][3] = 0u;
    }
  }
}

// Running sums of one chunk, as each warp needs them; the weights of the slice's tokens go to shared memory: to the end of their own block
// at `weights`, to the end of the chunk 256 bytes on.
INLINE Decays decays_of(float2 l, float2 d, int w, int lane, u32 weights) {
  Decays decay;
  float sum = l.x + l.y, before = sum, after = sum;
#pragma unroll
  for (int o = 1; o < 8; o <<= 1) {
    float up = __shfl_up_sync(0xffffffffu, before, o, 8), down = __shfl_down_sync(0xffffffffu, after, o, 8);
    if ((lane & 7) >= o) before += up;
    if ((lane & 7) + o < 8) after += down;
  }
  float earlier = __shfl_up_sync(0xffffffffu, before, 1, 8), later = __shfl_down_sync(0xffffffffu, after, 1, 8);
  if ((lane & 7) == 0) earlier = 0.0f;
  if ((lane & 7) == 7) later = 0.0f;
  float upto0 = earlier + l.x, upto1 = before;
#pragma unroll
  for (int J = 0; J < 4; J++) decay.block[J] = from_lane(before, 8 * J + 7);
  if ((lane >> 3) == w) {
    float rest = 0.0f;
#pragma unroll
    for (int J = 3; J > 0; J--) rest += J > w ? decay.block[J] : 0.0f;
    if (w < 3) store_f2(weights + lane * 8, exp2_fast(later + l.y) * d.x, exp2_fast(later) * d.y); // barriers lie behind them
    store_f2(weights + 256 + lane * 8, exp2_fast(rest + (later + l.y)) * d.x, exp2_fast(rest + later) * d.y);
  }
  int row = 8 * w + (lane >> 3), column = 8 * w + (lane & 3);
  bool odd = (lane >> 2) & 1;
  float a = from_lane(upto0, row), b = from_lane(upto1, row), c = from_lane(upto0, row + 4), e = from_lane(upto1, row + 4);
  decay.row0 = odd ? b : a;
  decay.row1 = odd ? e : c;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    decay.column[2 * i] = from_lane(upto0, column + 4 * i);
    decay.column[2 * i + 1] = from_lane(upto1, column + 4 * i);
    decay.dt[2 * i] = HAS_DT ? from_lane(d.x, column + 4 * i) : 1.0f;
    decay.dt[2 * i + 1] = HAS_DT ? from_lane(d.y, column + 4 * i) : 1.0f;
  }
  return decay;
}

// Y + D X, with the X that no step has scaled
INLINE void add_skip(const Problem &p, float (&Y)[32], const Slice &slice, u32 x, int w, int lane) {
  int q = lane & 3;
#pragma unroll
  for (int j = 0; j < 8; j += 2) {
    u32 X[4];
    load_matrices(X, x + at_x(16 * w + (lane & 15), j + (lane >> 4)));
#pragma unroll
    for (int i = 0; i < 4; i++) { // rows r, r + 8 of columns 8 j, then of 8 j + 8
      int channel = slice.channel + 8 * (j + (i >> 1)) + 2 * q, at = 4 * (j + (i >> 1)) + 2 * (i & 1);
      float2 v = floats(X[i]);
      float D0, D1;
      if (HAS_D == 1) {
        D0 = D1 = __ldg(p.D + slice.head);
      } else {
        const float *D = p.D + (size_t)slice.head * p.headDim;
        D0 = channel < p.headDim ? __ldg(D + channel) : 0.0f;
        D1 = channel + 1 < p.headDim ? __ldg(D + channel + 1) : 0.0f;
      }
      Y[at] = fmaf(D0, v.x, Y[at]);
      Y[at + 1] = fmaf(D1, v.y, Y[at + 1]);
    }
  }
}

// silu through exp(-|z|), which cannot overflow
INLINE float gated(float y, u16 bits) {
  float z;
  asm("cvt.f32.f16 %0, %1;" : "=f"(z) : "h"(bits));
  float e = exp2_fast(-1.4426950408889634f * fabsf(z));
  return y * z * __fdividef(z >= 0.0f ? 1.0f : e, 1.0f + e);
}
INLINE void apply_gate(const Problem &p, float (&Y)[32], const Slice &slice, const Place &place, int t0, int w, int lane) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int t = t0 + 16 * w + (lane >> 2) + 8 * half;
    if (t >= p.length) continue;
    const u16 *z = p.z + (((size_t)place.batch * p.length + t) * p.heads + slice.head) * p.headDim;
#pragma unroll
    for (int j = 0; j < 8; j++)
#pragma unroll
      for (int i = 0; i < 2; i++) {
        int channel = slice.channel + 8 * j + 2 * (lane & 3) + i;
        if (channel < p.headDim) Y[4 * j + 2 * half + i] = gated(Y[4 * j + 2 * half + i], __ldg(z + channel));
      }
  }
}

// A warp's 16 rows of Y through the tile of X, which nobody needs any more, in pieces of sixteen bytes.
INLINE void store_output(const Problem &p, const float (&Y)[32], const Slice &slice, const Place &place, u32 x, int t0, int w, int lane) {
#pragma unroll
  for (int j = 0; j < 8; j += 2) store_rows(Y, j, w, lane, [&](int row, int piece) { return x + at_x(row, piece); });
  __syncwarp();
  int piece = lane & 7, channel = slice.channel + 8 * piece;
#pragma unroll
  for (int k = 0; k < 4; k++) {
    int row = 16 * w + 4 * k + (lane >> 3), t = t0 + row;
    if (t >= p.length || !slice.exists || channel >= p.headDim) continue;
    uint4 v = load_u4(x + at_x(row, piece));
    u16 *to = p.Y + (((size_t)place.batch * p.length + t) * p.heads + slice.head) * p.headDim + channel;
    if (WIDE) {
      __stcs((uint4 *)to, v);
    } else {
      u32 words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int i = 0; i < 8; i++)
        if (channel + i < p.headDim) to[i] = (u16)(words[i >> 1] >> (16 * (i & 1)));
    }
  }
}

// The state in the operator's order: rows are channels.
INLINE void load_initial(const Problem &p, float (&state)[STATE_REGS], const Slice &slice, const Place &place, int w, int lane) {
  int channel = slice.channel + 16 * w + (lane >> 2), column = 2 * (lane & 3);
  const float *row = p.initialState + (((size_t)place.batch * p.heads + slice.head) * p.headDim + channel) * p.state + column;
#pragma unroll
  for (int below = 0; below < 2; below++) {
    int columns = channel + 8 * below < p.headDim ? p.state - column : 0;
#pragma unroll
    for (int j = 0; j < STATE_REGS / 4; j++)
#pragma unroll
      for (int i = 0; i < 2; i++)
        if (8 * j + i < columns) state[4 * j + 2 * below + i] = __ldg(row + (8 * j + i));
    row += 8 * (size_t)p.state;
  }
}
// Through shared memory, which nobody needs any more: whole rows at a time, in pieces of sixteen bytes crossed with the row.
INLINE void store_final(const Problem &p, const float (&state)[STATE_REGS], const Slice &slice, const Place &place, u32 rows, int half, int thread) {
  constexpr int PIECES = NPAD / 4;
  int lane = thread & 31, q = lane & 3;
  auto at = [&](int row, int piece) { return rows + row * NPAD * 4 + ((piece ^ (((row & 7) << 1) & (PIECES - 1))) << 4); };
  __syncthreads();
#pragma unroll
  for (int j = 0; j < STATE_REGS / 4; j++)
#pragma unroll
    for (int below = 0; below < 2; below++)
      store_f2(at(16 * (thread >> 5) + (lane >> 2) + 8 * below, 2 * j + (q >> 1)) + (q & 1) * 8, state[4 * j + 2 * below], state[4 * j + 2 * below + 1]);
  slice_barrier(half);
  if (!slice.exists) return;
  float *to = p.finalState + (((size_t)place.batch * p.heads + slice.head) * p.headDim + slice.channel) * p.state;
  int channels = min(CHANNELS, p.headDim - slice.channel);
#pragma unroll 4
  for (int i = thread; i < channels * PIECES; i += 128) {
    int row = i / PIECES, n = 4 * (i % PIECES), left = p.state - n;
    if (left <= 0) continue;
    uint4 v = load_u4(at(row, i % PIECES));
    float *out = to + (size_t)row * p.state + n;
    if (WIDE) {
      __stcs((uint4 *)out, v);
    } else {
      out[0] = __uint_as_float(v.x);
      if (left > 1) out[1] = __uint_as_float(v.y);
      if (left > 2) out[2] = __uint_as_float(v.z);
      if (left > 3) out[3] = __uint_as_float(v.w);
    }
  }
}

// 1. and 4.: outputs of a segment's chunks, the state carried from one to the next.
template <int SLOTS> INLINE void segment_output(const Problem &p, Loader &loader, const Place &place, u32 tiles, u32 weights) {
  constexpr int BYTES = 2 * (X_BYTES + N_BYTES);
  constexpr bool TOGETHER = TOGETHER_FROM <= NPAD;
  int half = threadIdx.x >> 7, thread = threadIdx.x & 127, w = thread >> 5, lane = threadIdx.x & 31, q = lane & 3;
  Slice first = slice_of(p, place, 0), second = slice_of(p, place, 1), slice = half ? second : first;
  u32 mine = tiles + half * N_BYTES, own = weights + half * 512;
  auto load = [&](int i) {
    if (i < place.count) loader.template load<SLOTS, true>(p, place, first, second, i, place.chunk0 + i, BYTES);
    copies_end();
  };
#pragma unroll 1
  for (int i = 0; i < SLOTS - 1; i++) load(i);
  float state[STATE_REGS];
#pragma unroll
  for (int i = 0; i < STATE_REGS; i++) state[i] = 0.0f;
  if (p.segments > 1) {
    wait_for_last();
#pragma unroll
    for (int i = 0; i < NPAD / 16; i++)
      load_octet<ENTRY_HALF>(p.entry, octet_of(p, place.segment, place.unit + half, i, thread), state + 8 * i);
  } else if (p.initialState) {
    load_initial(p, state, slice, place, w, lane);
  }
#pragma unroll 1
  for (int i = 0; i < place.count; i++) {
    int slot = i % SLOTS, t0 = (place.chunk0 + i) * CHUNK;
#pragma unroll
    for (int j = 0; j < NPAD / 8; j += 2) store_rows(state, j, w, lane, [&](int row, int piece) { return mine + at_n(row, piece); });
    publish();
    copies_wait<SLOTS - 2>();
    __syncthreads();
    load(i + SLOTS - 1);
    u32 x = loader.base + slot * BYTES + half * X_BYTES, b = loader.base + slot * BYTES + 2 * X_BYTES, c = b + N_BYTES;
    loader.wait(slot);
    float G[32], Y[32];
    multiply_tiles(G, c, b, w, lane);
    if (TOGETHER) multiply_tiles(Y, c, mine, w, lane);
    float2 l, d;
    steps_of(loader.steps + slot * STEP_BYTES, half, lane, l, d);
    Decays decay = decays_of(l, d, w, lane, own);
    slice_barrier(half);
    u32 M[4][4];
    auto update = [&]() {
      float all = exp2_fast((decay.block[0] + decay.block[1]) + (decay.block[2] + decay.block[3]));
#pragma unroll
      for (int k = 0; k < STATE_REGS; k++) state[k] *= all;
      update_state(state, x, b, w, lane, [&](int j) { return load_f2(own + 256 + (8 * j + 2 * q) * 4); });
    };
    // long products are issued together; short ones are done before scores are scaled, which needs the registers
    if (TOGETHER) {
      update();
      products_wait<2>();
      mask_scores(M, G, decay, w, lane, own);
    } else {
      products_wait<0>();
      mask_scores(M, G, decay, w, lane, own);
      multiply_tiles(Y, c, mine, w, lane);
      update();
    }
    products_wait<1>();
    float ahead = 0.0f; // of the blocks before this warp's rows
#pragma unroll
    for (int J = 0; J < 3; J++) ahead += J < w ? decay.block[J] : 0.0f;
    float e0 = exp2_fast(ahead + decay.row0), e1 = exp2_fast(ahead + decay.row1);
#pragma unroll
    for (int j = 0; j < 8; j++) {
      Y[4 * j] *= e0;
      Y[4 * j + 1] *= e0;
      Y[4 * j + 2] *= e1;
      Y[4 * j + 3] *= e1;
    }
    add_to_output(Y, M, x, w, lane);
    products_wait<0>();
    if (HAS_D) add_skip(p, Y, slice, x, w, lane);
    if (HAS_Z) apply_gate(p, Y, slice, place, t0, w, lane);
    slice_barrier(half); // every warp has finished with the tiles of X and the state
    store_output(p, Y, slice, place, x, t0, w, lane);
  }
  if (place.segment == p.segments - 1)
    store_final(p, state, slice, place, loader.base + half * CHANNELS * NPAD * 4, half, thread);
}
