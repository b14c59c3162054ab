// The launches: the walk over one segment; the recurrence over segments between two walks.

extern __shared__ __align__(16) unsigned char room_bytes[];

#if ENTRY_WALK
extern "C" __global__ __launch_bounds__(THREADS) void walk(const Problem p) {
  Room &room = *(Room *)room_bytes;
  Place place = place_of(p, CHANNELS);
  Own own;
  load_own(p, place, own);
  Loading loading;
  double totals[P] = {};
  int tiles = (place.last - place.first + TOKENS - 1) / TOKENS;
  auto gates = [&](int i) { return room.gates[HAS_D || HAS_Z ? i % 3 : 0]; };
  loading.load(p, place, place.first);
  loading.store(p, place, room.tiles[0], gates(0), place.first);
  bool begins = false; // a document, in this segment
#pragma unroll 1
  for (int i = 0; i < tiles; i++) {
    int t0 = place.first + i * TOKENS;
    if (DOCUMENTS && SPLIT && !OUTPUTS) begins |= __syncthreads_or(loading.kept == 0.0f);
    else __syncthreads();
    if (i + 1 < tiles) loading.load(p, place, t0 + TOKENS);
    if (OUTPUTS && i > 0) write_outputs(p, place, room.sums[(i - 1) & 1], gates(i - 1), t0 - TOKENS);
    walk_tile(p, own, room.tiles[i & 1], room.sums[OUTPUTS ? i & 1 : 0], totals);
    if (i + 1 < tiles) loading.store(p, place, room.tiles[(i + 1) & 1], gates(i + 1), t0 + TOKENS);
  }
  if (OUTPUTS) {
    __syncthreads();
    write_outputs(p, place, room.sums[(tiles - 1) & 1], gates(tiles - 1), place.first + (tiles - 1) * TOKENS);
  }
  if (!SPLIT) write_states(p, place, own, p.finalState, place.batch);
  if (SPLIT && !OUTPUTS) {
    size_t row = (size_t)place.batch * p.segments + place.segment;
    write_states(p, place, own, p.borders, row);
    float2 *to = p.totals + row * (p.heads * p.headDim) + place.channel0 + own.channel;
#pragma unroll
    for (int k = 0; k < P; k++)
      if (k < own.channels && own.column == 0) to[k] = make_float2((float)totals[k], begins ? 0.0f : 1.0f);
  }
}
#endif

#if ENTRY_PASS_SEGMENTS
// A thread takes one element of the state: what a segment added is replaced by the state before it.
extern "C" __global__ __launch_bounds__(128) void pass_segments(const Problem p) {
  size_t channels = (size_t)p.heads * p.headDim, elements = channels * p.state, i = (size_t)blockIdx.x * 128 + threadIdx.x;
  if (i >= elements) return;
  size_t row = (size_t)blockIdx.y * p.segments;
  float rate = SHARED_DECAY ? 1.0f : __ldg(p.decay + i) * LOG2_E;
  float run = HAS_INITIAL ? __ldg(p.initialState + blockIdx.y * elements + i) : 0.0f;
#pragma unroll 8
  for (int s = 0; s < p.segments; s++) {
    float *border = p.borders + (row + s) * elements + i;
    float2 total = p.totals[(row + s) * channels + i / p.state];
    float own = *border;
    *border = run;
    run = total.y == 0.0f ? own : fmaf(exp2_fast(total.x * rate), run, own);
  }
  p.finalState[blockIdx.y * elements + i] = run;
}
#endif
