// What recurrences over tokens read and write, and how. ssd and the selective scan are one recurrence,
//   s <- exp(l) s + x B,  y = C s
// where l of the scan is step A, one for each element of the state (SHARED_DECAY 0), and of ssd one a token and head (1).
// Sizes by the definitions of prepare.ts:
//   KIND of storage (elements.cu), WIDE 1 where the state is divisible by four, HAS_STEP (ssd may have none), HAS_D (1 a head,
//   2 a channel), HAS_Z, HAS_BIAS, HAS_INITIAL, SOFTPLUS, LIMITS of steps, RATES 1 where l is step A in ssd too
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

// A workgroup's place: some channels of one group, a stretch of tokens of one row.
struct Place {
  int batch, group, segment;
  int channel0, channels; // the first channel among all, and how many there are from there to the end of the group
  int first, last;        // tokens
};
// @param channelsEach of a workgroup
INLINE Place place_of(const Problem &p, int channelsEach) {
  Place place;
  int own = p.heads * p.headDim / p.groups, slice = blockIdx.x % p.slices;
  place.group = blockIdx.x / p.slices;
  place.segment = blockIdx.y;
  place.batch = blockIdx.z;
  place.channel0 = place.group * own + slice * channelsEach;
  place.channels = min(channelsEach, own - slice * channelsEach);
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
