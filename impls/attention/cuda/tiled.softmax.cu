// The online softmax of 64 queries a warpgroup: a thread has parts of two rows, eight apart, which the four lanes of its quad share.

struct Rows {
  int2 span[2];         // of the thread's two queries
  int innerFirst, innerEnd; // keys that all queries of the workgroup see
  float best[2], sum[2];    // of scores so far; the sum is this thread's part
};

INLINE void start_rows(const Problem &p, const Place &place, int row, Rows &rows) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    rows.span[i] = span_of(p, place.batch, place.query0 + row + 8 * i);
    rows.best[i] = NOTHING;
    rows.sum[i] = 0.0f;
  }
  rows.innerFirst = span_of(p, place.batch, place.query0 + QUERIES - 1).x;
  rows.innerEnd = span_of(p, place.batch, place.query0).y;
}

INLINE float better(float a, float b) { return NEGATIVE ? fminf(a, b) : fmaxf(a, b); }

// Scores of a tile whose first key is `key0` become weights; `shrink` is what earlier sums are multiplied by.
INLINE void weigh(float (&S)[KEYS / 2], Rows &rows, float scale, int key0, int lane, float (&shrink)[2]) {
  if (key0 < rows.innerFirst || key0 + KEYS > rows.innerEnd) {
    int column = key0 + 2 * (lane & 3);
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
      for (int i = 0; i < 4; i++) { // bit 0: next column, bit 1: eight rows below
        int key = column + 8 * j + (i & 1);
        int2 span = rows.span[i >> 1];
        if (key < span.x || key >= span.y) S[4 * j + i] = NOTHING;
      }
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float best = rows.best[half];
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++) best = better(best, better(S[4 * j + 2 * half], S[4 * j + 2 * half + 1]));
    best = better(best, __shfl_xor_sync(0xffffffffu, best, 1));
    best = better(best, __shfl_xor_sync(0xffffffffu, best, 2));
    float peak = (best == NOTHING ? 0.0f : best) * scale; // a row that has seen no key yet
    shrink[half] = exp2_fast(fmaf(rows.best[half], scale, -peak));
    rows.best[half] = best;
    float sum = 0.0f;
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
      for (int i = 0; i < 2; i++) {
        float &s = S[4 * j + 2 * half + i];
        s = exp2_fast(fmaf(s, scale, -peak));
        sum += s;
      }
    rows.sum[half] = fmaf(rows.sum[half], shrink[half], sum);
  }
}

// Weights as rows of a product with values.
INLINE void as_rows(u32 (&P)[KEYS / 16][4], const float (&S)[KEYS / 2]) {
#pragma unroll
  for (int k = 0; k < KEYS / 16; k++)
#pragma unroll
    for (int i = 0; i < 4; i++) P[k][i] = halves(S[8 * k + 2 * i], S[8 * k + 2 * i + 1]);
}

INLINE void shrink_sums(float (&O)[VALUE_DIM / 2], const float (&shrink)[2]) {
#pragma unroll
  for (int j = 0; j < VALUE_DIM / 8; j++)
#pragma unroll
    for (int i = 0; i < 4; i++) O[4 * j + i] *= shrink[i >> 1];
}

// A row without keys is 0.
INLINE void divide(float (&O)[VALUE_DIM / 2], const Rows &rows) {
  float share[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float sum = rows.sum[half];
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    share[half] = sum == 0.0f ? 0.0f : 1.0f / sum;
  }
  shrink_sums(O, share);
}

// A warp's 16 rows through shared memory, in pieces of sixteen bytes; `query` is the first of the warpgroup's 64.
INLINE void store_output(const Problem &p, const float (&O)[VALUE_DIM / 2], const Place &place, u32 tile, int query, int w, int lane) {
#pragma unroll
  for (int j = 0; j < VALUE_DIM / 8; j += 2) store_rows(O, j, w, lane, [&](int row, int piece) { return tile + at_tile<64>(row, piece); });
  __syncwarp();
  constexpr int PIECES = VALUE_DIM / 8;
#pragma unroll
  for (int i = lane; i < 16 * PIECES; i += 32) {
    int row = 16 * w + i / PIECES, piece = i % PIECES, t = query + row, channel = 8 * piece;
    if (t >= p.length || channel >= p.headDimV) continue;
    uint4 v = load_u4(tile + at_tile<64>(row, piece));
    u16 *to = p.Y + (((size_t)place.batch * p.length + t) * p.heads + place.head) * p.headDimV + channel;
    if (WIDE) {
      *(uint4 *)to = v;
    } else {
      u32 words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int k = 0; k < 8; k++)
        if (channel + k < p.headDimV) to[k] = (u16)(words[k >> 1] >> (16 * (k & 1)));
    }
  }
}
