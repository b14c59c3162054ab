// What a workgroup of a walk over tokens holds, and how a tile of tokens comes into it. Sizes by the definitions of prepare.ts, beside
// those of walk.problem.cu:
//   R columns of the state and P channels a thread, STATE_WARPS warps side by side along the state, OCTETS of threads along channels,
//   TOKENS a tile, FULL 1 where the state has as many columns as all threads, OUTPUTS 0 where only the states at the ends of segments
//   are wanted, SPLIT 1 where there are several segments, CONSTANT_B and CONSTANT_C for matrices of each channel, DOCUMENTS
constexpr int COLUMNS = 4 * R * STATE_WARPS; // of the state, padded: four lanes of a warp have R of them each
constexpr int CHANNELS = 8 * P * OCTETS;
constexpr int THREADS = 32 * STATE_WARPS * OCTETS;

struct alignas(16) Tile {
  float B[CONSTANT_B ? 1 : TOKENS][COLUMNS];
  float C[CONSTANT_C || !OUTPUTS ? 1 : TOKENS][COLUMNS];
  float2 steps[TOKENS][CHANNELS]; // the step, or the log2 decay where it is shared; what goes in
  float fresh[DOCUMENTS ? TOKENS : 1];
};
struct Room {
  Tile tiles[2];
  float2 gates[HAS_D || HAS_Z ? 3 : 1][HAS_D || HAS_Z ? TOKENS : 1][CHANNELS]; // D x, and z
  float sums[OUTPUTS ? 2 : 1][OUTPUTS ? STATE_WARPS : 1][TOKENS][CHANNELS]; // Y of each warp's columns
};
static_assert(sizeof(Room) == ROOM_BYTES, "plan.ts counts the same");

// A tile on its way: loaded while the one before it is computed, put into shared memory afterwards.
struct Loading {
  static constexpr int QUADS = TOKENS * COLUMNS / 4, QUADS_EACH = (QUADS + THREADS - 1) / THREADS;
  static constexpr int PAIRS = TOKENS * CHANNELS, PAIRS_EACH = (PAIRS + THREADS - 1) / THREADS;
  Four B[CONSTANT_B ? 1 : QUADS_EACH], C[CONSTANT_C || !OUTPUTS ? 1 : QUADS_EACH];
  float step[PAIRS_EACH], decay[PAIRS_EACH];
  One x[PAIRS_EACH], z[PAIRS_EACH];
  float kept;

  INLINE void load(const Problem &p, const Place &place, int t0) {
#pragma unroll
    for (int k = 0; k < QUADS_EACH; k++) {
      int i = threadIdx.x + k * THREADS, t = t0 + i / (COLUMNS / 4), n = 4 * (i % (COLUMNS / 4));
      bool inside = i < QUADS && t < place.last;
      size_t at = (((size_t)place.batch * p.length + t) * p.groups + place.group) * p.state + n;
      if (!CONSTANT_B) B[k] = load_four(p.B, at, inside ? p.state - n : 0);
      if (!CONSTANT_C && OUTPUTS) C[k] = load_four(p.C, at, inside ? p.state - n : 0);
    }
#pragma unroll
    for (int k = 0; k < PAIRS_EACH; k++) {
      int i = threadIdx.x + k * THREADS, t = t0 + i / CHANNELS, c = i % CHANNELS;
      bool inside = i < PAIRS && t < place.last && c < place.channels;
      size_t at = element_at(p, place, inside ? t : place.first, inside ? c : 0);
      size_t row = SHARED_DECAY ? ((size_t)place.batch * p.length + t) * p.heads + head_of(p, place, c) : at;
      step[k] = inside ? (HAS_STEP ? __ldg(p.step + row) : 1.0f) : 0.0f;
      if (SHARED_DECAY && !RATES) decay[k] = inside ? __ldg(p.decay + row) : 0.0f;
      x[k] = inside ? load_one(p.x, at) : One();
      if (HAS_Z && OUTPUTS) z[k] = inside ? load_one(p.z, at) : One();
    }
    if (DOCUMENTS) {
      int t = t0 + threadIdx.x;
      kept = threadIdx.x < TOKENS && t < place.last ? __ldg(p.kept + (size_t)place.batch * p.length + t) : 1.0f;
    }
  }

  // Tokens behind the last one change nothing: their steps and what goes in are 0.
  INLINE void store(const Problem &p, const Place &place, Tile &tile, float2 (*gates)[CHANNELS], int t0) {
#pragma unroll
    for (int k = 0; k < QUADS_EACH; k++) {
      int i = threadIdx.x + k * THREADS;
      if (QUADS % THREADS != 0 && i >= QUADS) break;
      if (!CONSTANT_B) ((float4 *)tile.B)[i] = values_of(B[k]);
      if (!CONSTANT_C && OUTPUTS) ((float4 *)tile.C)[i] = values_of(C[k]);
    }
#pragma unroll
    for (int k = 0; k < PAIRS_EACH; k++) {
      int i = threadIdx.x + k * THREADS, t = t0 + i / CHANNELS, c = i % CHANNELS;
      if (PAIRS % THREADS != 0 && i >= PAIRS) break;
      bool inside = t < place.last && c < place.channels;
      float v = inside ? step_of(p, place, c, step[k]) : 0.0f, first = v;
      if (SHARED_DECAY) first = (RATES ? (inside ? v * __ldg(p.decay + head_of(p, place, c)) : 0.0f) : decay[k]) * LOG2_E;
      ((float2 *)tile.steps)[i] = make_float2(first, v * value_of(x[k]));
      if ((HAS_D || HAS_Z) && OUTPUTS) {
        float skip = inside ? skip_of(p, place, c) * value_of(x[k]) : 0.0f;
        ((float2 *)gates)[i] = make_float2(skip, HAS_Z ? value_of(z[k]) : 0.0f);
      }
    }
    if (DOCUMENTS && threadIdx.x < TOKENS) tile.fresh[threadIdx.x] = kept == 0.0f ? 1.0f : 0.0f;
  }
};
