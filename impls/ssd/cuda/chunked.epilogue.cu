// What becomes of a chunk's sums and of the last state: skip, gate, and the way into memory.

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
  float z = floats(bits).x, e = exp2_fast(-1.4426950408889634f * fabsf(z));
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
INLINE void store_final(const Problem &p, const float (&state)[STATE_REGS], const Slice &slice, const Place &place, u32 rows, int half,
                        int thread) {
  constexpr int PIECES = NPAD / 4;
  int lane = thread & 31, q = lane & 3;
  auto at = [&](int row, int piece) { return rows + row * NPAD * 4 + ((piece ^ (((row & 7) << 1) & (PIECES - 1))) << 4); };
  __syncthreads();
#pragma unroll
  for (int j = 0; j < STATE_REGS / 4; j++)
#pragma unroll
    for (int below = 0; below < 2; below++)
      store_f2(at(16 * (thread >> 5) + (lane >> 2) + 8 * below, 2 * j + (q >> 1)) + (q & 1) * 8, state[4 * j + 2 * below],
               state[4 * j + 2 * below + 1]);
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
