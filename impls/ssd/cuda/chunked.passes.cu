// The two walks over a segment's chunks.

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

// 1. and 4.: outputs of a segment's chunks, the state carried from one to the next.
template <int SLOTS> INLINE void segment_output(const Problem &p, Loader &loader, const Place &place, u32 tiles, u32 weights) {
  constexpr int BYTES = 2 * (X_BYTES + N_BYTES);
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
  auto store_state = [&]() {
#pragma unroll
    for (int j = 0; j < NPAD / 8; j += 2) store_rows(state, j, w, lane, [&](int row, int piece) { return mine + at_n(row, piece); });
    publish();
  };
  auto enter = [&]() { // where the segment begins, once it is known
    if (p.segments > 1) {
      wait_for_last();
#pragma unroll
      for (int i = 0; i < NPAD / 16; i++)
        load_octet<ENTRY_HALF>(p.entry, octet_of(p, place.segment, place.unit + half, i, thread), state + 8 * i);
    } else if (p.initialState) {
      load_initial(p, state, slice, place, w, lane);
    }
  };
  if (!ONE_CHUNK) enter();
#pragma unroll 1
  for (int i = 0; i < place.count; i++) {
    int slot = i % SLOTS, t0 = (place.chunk0 + i) * CHUNK;
    if (!ONE_CHUNK) store_state();
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
    // long products are issued together; short ones are done before scores are scaled, which needs the registers
    if (!TOGETHER) {
      products_wait<0>();
      mask_scores(M, G, decay, w, lane, own);
    }
    if (ONE_CHUNK) { // all that does not depend on the entry is done while it is not there
      enter();
      store_state();
      slice_barrier(half);
    }
    if (!TOGETHER) multiply_tiles(Y, c, mine, w, lane);
    if (!ONE_CHUNK) {
      float all = exp2_fast((decay.block[0] + decay.block[1]) + (decay.block[2] + decay.block[3]));
#pragma unroll
      for (int k = 0; k < STATE_REGS; k++) state[k] *= all;
      update_state(state, x, b, w, lane, [&](int j) { return load_f2(own + 256 + (8 * j + 2 * q) * 4); });
    }
    if (TOGETHER) {
      products_wait<2>();
      mask_scores(M, G, decay, w, lane, own);
    }
    products_wait<ONE_CHUNK ? 0 : 1>();
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
  if (!ONE_CHUNK && (FINAL_BY_SCAN ? p.segments == 1 : place.segment == p.segments - 1))
    store_final(p, state, slice, place, loader.base + half * CHANNELS * NPAD * 4, half, thread);
}
