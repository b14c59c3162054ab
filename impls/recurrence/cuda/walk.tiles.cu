// What a workgroup of a walk over tokens holds, and how a tile of tokens comes into it. ssd and the selective scan are one recurrence,
//   s <- exp(l) s + x B,  y = C s
// where l of the scan is step A, one for each element of the state (SHARED_DECAY 0), and of ssd one a token and head (1).
// Sizes by the definitions of prepare.ts:
//   KIND of storage (elements.cu), R columns of the state and P channels a thread, STATE_WARPS warps side by side along the state,
//   OCTETS of threads along channels, TOKENS a tile, FULL 1 where the state has as many columns as all threads, WIDE 1 where it is
//   divisible by four, OUTPUTS 0 where only the states at the ends of segments are wanted,
//   SPLIT 1 where there are several segments, CONSTANT_B and CONSTANT_C for matrices of each channel, HAS_STEP (ssd may have none),
//   HAS_D (1 a head, 2 a channel), HAS_Z, HAS_BIAS, HAS_INITIAL, DOCUMENTS, SOFTPLUS, LIMITS of steps, RATES 1 where l is step A in ssd too
constexpr int COLUMNS = 4 * R * STATE_WARPS; // of the state, padded: four lanes of a warp have R of them each
constexpr int CHANNELS = 8 * P * OCTETS;
constexpr int THREADS = 32 * STATE_WARPS * OCTETS;
constexpr float LOG2_E = 1.4426950408889634f;

struct Problem {
  const void *x;
  const float *step, *decay; // (batch length channels) and A; of ssd (batch length heads) both, or A (heads)
  const void *B, *C;
  const float *D;
  const void *z;
  const float *bias, *initialState; // of steps, a channel or head
  const float *kept; // (batch length): 0 where a document begins, else 1
  void *Y;
  float *finalState;
  float *borders; // (batch segments channels state): what each segment adds, then where it begins
  float2 *totals; // (batch segments channels): sum of the segment's steps or log2 decays; 0 where a document begins in it, else 1
  int batch, length, heads, groups, headDim, state;
  int slices, segments, segmentTokens; // slices: workgroups a group of channels
  float leastStep, mostStep;
};

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

// A workgroup's place: some channels of one group, a stretch of tokens of one row.
struct Place {
  int batch, group, segment;
  int channel0, channels; // the first channel among all, and how many there are from there to the end of the group
  int first, last;        // tokens
};
INLINE Place place_of(const Problem &p) {
  Place place;
  int own = p.heads * p.headDim / p.groups, slice = blockIdx.x % p.slices;
  place.group = blockIdx.x / p.slices;
  place.segment = blockIdx.y;
  place.batch = blockIdx.z;
  place.channel0 = place.group * own + slice * CHANNELS;
  place.channels = min(CHANNELS, own - slice * CHANNELS);
  place.first = place.segment * p.segmentTokens;
  place.last = min(place.first + p.segmentTokens, p.length);
  return place;
}
INLINE size_t element_at(const Problem &p, const Place &place, int t, int channel) {
  return ((size_t)place.batch * p.length + t) * (p.heads * p.headDim) + place.channel0 + channel;
}

// Of a channel of the workgroup.
INLINE int head_of(const Problem &p, const Place &place, int c) { return (place.channel0 + min(c, place.channels - 1)) / p.headDim; }
INLINE float step_of(const Problem &p, const Place &place, int c, float step) {
  if (HAS_BIAS) step += __ldg(p.bias + (SHARED_DECAY ? head_of(p, place, c) : place.channel0 + c));
  if (SOFTPLUS) step = softplus(step);
  if (LIMITS) step = step < p.leastStep ? p.leastStep : step > p.mostStep ? p.mostStep : step; // a NaN stays one
  return step;
}
INLINE float skip_of(const Problem &p, const Place &place, int c) {
  if (HAS_D == 0) return 0.0f;
  return __ldg(p.D + (HAS_D == 1 ? head_of(p, place, c) : place.channel0 + c));
}

// Values as they lie in memory: they become floats when they are used, or every load would be waited for where it is asked for.
template <unsigned> struct Stored { typedef unsigned short One; typedef uint2 Four; };
template <> struct Stored<KIND_f32> { typedef float One; typedef float4 Four; };
typedef Stored<KIND>::One One;
typedef Stored<KIND>::Four Four;

INLINE One load_one(const void *T, size_t at) { return __ldg((const One *)T + at); }
INLINE float value_of(One v) { return element_of(&v, 0, KIND); }
// Four neighbours of a row, of which the first `count` exist.
INLINE Four load_four(const void *T, size_t at, int count) {
  if (WIDE && count > 0) return __ldg((const Four *)((const One *)T + at));
  union { Four all; One each[4]; } v;
  v.all = Four();
#pragma unroll
  for (int i = 0; i < 4; i++)
    if (!WIDE && i < count) v.each[i] = load_one(T, at + i);
  return v.all;
}
INLINE float4 values_of(const Four &v) {
  return make_float4(element_of(&v, 0, KIND), element_of(&v, 1, KIND), element_of(&v, 2, KIND), element_of(&v, 3, KIND));
}

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
