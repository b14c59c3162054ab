// What a workgroup of tiled attention computes: some queries of one head over the keys they see. Sizes by the definitions of prepare.ts:
//   BFLOAT and MMA_SYNC as in engines/cuda/library, HEAD_DIM and VALUE_DIM padded to columns of 64, KEYS a tile, QUERIES a workgroup,
//   SPANS 1 where a table says which keys a query sees, CAUSAL 1 where it sees those up to its own place, NEGATIVE 1 for a scale below 0,
//   WIDE 1 where every row starts at 16 bytes

struct Problem {
  const u16 *Q, *K, *V;
  const int2 *spans; // (batch length): the first key and the one behind the last
  u16 *Y;
  int batch, length, context, heads, groups, headDim, headDimV;
  int tiles;   // of queries, a head
  float scale; // times log2(e)
};

constexpr int QUERY_BYTES = 64 * (HEAD_DIM > VALUE_DIM ? HEAD_DIM : VALUE_DIM) * 2; // of 64 queries, and later of their results
constexpr int K_BYTES = KEYS * HEAD_DIM * 2, V_BYTES = KEYS * VALUE_DIM * 2;
#define NOTHING __uint_as_float(NEGATIVE ? 0x7f800000u : 0xff800000u) // a score without weight: an infinity

// Address of the 16 bytes `piece` of a row in a tile of `rows` rows, cut into columns of 64 whose pieces are crossed with the row.
template <int ROWS> INLINE u32 at_tile(int row, int piece) {
  return (piece >> 3) * (ROWS * 128) + row * 128 + (((piece & 7) ^ (row & 7)) << 4);
}

struct Place {
  int batch, head, group;
  int query0;            // the first query
  int firstTile, count;  // tiles of keys that any of the queries sees
};
INLINE int2 span_of(const Problem &p, int batch, int t) {
  t = min(t, p.length - 1);
  if (SPANS) return __ldg(p.spans + (size_t)batch * p.length + t);
  return make_int2(0, CAUSAL ? t + 1 : p.context);
}
// The longest rows come first, so that the last workgroups to end are short.
INLINE Place place_of(const Problem &p) {
  Place place;
  int rows = p.heads * p.batch, tile = blockIdx.x / rows, row = blockIdx.x % rows;
  place.head = row % p.heads;
  place.batch = row / p.heads;
  place.group = place.head / (p.heads / p.groups);
  place.query0 = (CAUSAL ? p.tiles - 1 - tile : tile) * QUERIES;
  // spans never move back
  int2 low = span_of(p, place.batch, place.query0), high = span_of(p, place.batch, place.query0 + QUERIES - 1);
  place.firstTile = low.x / KEYS;
  place.count = max(0, (high.y + KEYS - 1) / KEYS - place.firstTile);
  return place;
}
