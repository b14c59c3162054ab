// Decays are exponentials of sums over what lies between two tokens, in log2; only inside a block of 16 tokens are differences of
// the block's own running sums taken (ssd/README.md, "Sixteen tokens").

// log2 decays and steps of tokens 2 lane and 2 lane + 1
INLINE void steps_of(u32 steps, int half, int lane, float2 &l, float2 &d) {
  float2 logA = load_f2(steps + half * 256 + lane * 8);
  l = make_float2(log2_decay(logA.x), log2_decay(logA.y));
  d = HAS_DT ? load_f2(steps + 512 + half * 256 + lane * 8) : make_float2(1.0f, 1.0f);
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
