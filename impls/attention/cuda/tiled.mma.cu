// Every card since Ampere: a warp takes 16 queries; all threads copy tiles of keys and values, the next while one is computed.
constexpr int THREADS = 2 * QUERIES; // a warp for each 16 queries, 64 of them as one warpgroup has them elsewhere

// Rows of a tensor, `pitch` apart, into a tile; zeros behind the last row and column.
template <int ROWS, int COLUMNS>
INLINE void copy_tile(u32 to, const u16 *tensor, int rows, int pitch, int columns) {
#pragma unroll
  for (int i = threadIdx.x; i < ROWS * (COLUMNS / 8); i += THREADS) {
    int row = i / (COLUMNS / 8), piece = i % (COLUMNS / 8), count = row < rows ? columns - 8 * piece : 0;
    const u16 *from = tensor + (count > 0 ? row * (size_t)pitch + 8 * piece : 0);
    u32 at = to + at_tile<ROWS>(row, piece);
    if (WIDE) {
      copy_async(at, from, count > 0 ? 16 : 0, 16);
    } else {
#pragma unroll
      for (int k = 0; k < 8; k++) store_u16(at + 2 * k, k < count ? from[k] : (u16)0);
    }
  }
}

INLINE void score(float (&S)[KEYS / 2], u32 q, u32 k, int w, int lane) {
#pragma unroll
  for (int i = 0; i < KEYS / 2; i++) S[i] = 0.0f;
#pragma unroll
  for (int i = 0; i < HEAD_DIM / 16; i++) {
    u32 rows[4], columns[4];
    load_matrices(rows, q + at_tile<QUERIES>(16 * w + (lane & 15), 2 * i + (lane >> 4)));
#pragma unroll
    for (int j = 0; j < KEYS / 16; j++) {
      load_matrices(columns, k + at_tile<KEYS>(16 * j + (lane & 7) + ((lane >> 4) << 3), 2 * i + ((lane >> 3) & 1)));
      product(S + 8 * j, rows, columns[0], columns[1]);
      product(S + 8 * j + 4, rows, columns[2], columns[3]);
    }
  }
}
INLINE void gather_values(float (&O)[VALUE_DIM / 2], const u32 (&P)[KEYS / 16][4], u32 v, int lane) {
#pragma unroll
  for (int i = 0; i < KEYS / 16; i++)
#pragma unroll
    for (int j = 0; j < VALUE_DIM / 16; j++) {
      u32 columns[4];
      load_transposed(columns, v + at_tile<KEYS>(16 * i + (lane & 15), 2 * j + (lane >> 4)));
      product(O + 8 * j, P[i], columns[0], columns[1]);
      product(O + 8 * j + 4, P[i], columns[2], columns[3]);
    }
}

extern __shared__ __align__(1024) unsigned char room_bytes[];

extern "C" __global__ __launch_bounds__(THREADS) void attend(const Problem p) {
  static_assert(QUERIES == 64, "one warpgroup's rows");
  u32 q = shared_address(room_bytes), k = q + QUERY_BYTES, v = k + SLOTS * K_BYTES;
  int w = threadIdx.x >> 5, lane = threadIdx.x & 31;
  Place place = place_of(p);
  auto key0 = [&](int i) { return (place.firstTile + place.count - 1 - i) * KEYS; };
  auto load = [&](int i) {
    if (i < place.count) {
      int slot = i % SLOTS, t = key0(i);
      size_t row = ((size_t)place.batch * p.context + t) * p.groups + place.group;
      copy_tile<KEYS, HEAD_DIM>(k + slot * K_BYTES, p.K + row * p.headDim, p.context - t, p.groups * p.headDim, p.headDim);
      copy_tile<KEYS, VALUE_DIM>(v + slot * V_BYTES, p.V + row * p.headDimV, p.context - t, p.groups * p.headDimV, p.headDimV);
    }
    copies_end();
  };
  size_t query = ((size_t)place.batch * p.length + place.query0) * p.heads + place.head;
  copy_tile<QUERIES, HEAD_DIM>(q, p.Q + query * p.headDim, p.length - place.query0, p.heads * p.headDim, p.headDim);
#pragma unroll 1
  for (int i = 0; i < SLOTS - 1; i++) load(i);
  Rows rows;
  start_rows(p, place, 16 * w + (lane >> 2), rows);
  float O[VALUE_DIM / 2];
#pragma unroll
  for (int i = 0; i < VALUE_DIM / 2; i++) O[i] = 0.0f;
#pragma unroll 1
  for (int i = 0; i < place.count; i++) {
    int slot = i % SLOTS;
    copies_wait<SLOTS - 2>();
    __syncthreads();
    load(i + SLOTS - 1);
    float S[KEYS / 2], shrink[2];
    u32 P[KEYS / 16][4];
    score(S, q, k + slot * K_BYTES, w, lane);
    weigh(S, rows, p.scale, key0(i), lane, shrink);
    shrink_sums(O, shrink);
    as_rows(P, S);
    gather_values(O, P, v + slot * V_BYTES, lane);
  }
  copies_wait<0>();
  __syncthreads();
  divide(O, rows);
  store_output(p, O, place, q, place.query0, w, lane);
}
