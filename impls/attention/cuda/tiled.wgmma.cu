// Hopper: one warpgroup brings tiles of keys and values by the copy engine, the others take 64 queries each. A warpgroup issues the
// product of the next scores and that of the last weights with their values together, and weighs the scores meanwhile.
constexpr int WORKERS = QUERIES / 64, THREADS = 128 * (WORKERS + 1);

struct Barriers { // of each slot: arrived, and read by all
  u32 query, keys, keysFree, values, valuesFree;
};
INLINE Barriers barriers_at(u32 at) {
  return {at, at + 8, at + 8 + 8 * SLOTS, at + 8 + 16 * SLOTS, at + 8 + 24 * SLOTS};
}
INLINE void barrier_init_for(u32 bar, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(arrivals) : "memory");
}
INLINE void barrier_arrive(u32 bar) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory"); }
// A warp has read what a slot holds.
INLINE void release(u32 bar, int lane) {
  __syncwarp();
  if (lane == 0) barrier_arrive(bar);
}

// sums[64, KEYS] = Q[64, HEAD_DIM] K[KEYS, HEAD_DIM]'
INLINE void score(float (&S)[KEYS / 2], u32 q, u32 k) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM / 16; i++) {
    u32 inside = (i & 3) * 32;
    product_tiles(S, descriptor(low_word(q + (i >> 2) * 8192 + inside, 16), high_word<128>()),
                  descriptor(low_word(k + (i >> 2) * (KEYS * 128) + inside, 16), high_word<128>()), i > 0);
  }
}
// O[64, VALUE_DIM] += P[64, KEYS] V[KEYS, VALUE_DIM]
INLINE void gather_values(float (&O)[VALUE_DIM / 2], const u32 (&P)[KEYS / 16][4], u32 v) {
#pragma unroll
  for (int i = 0; i < KEYS / 16; i++) product_rows(O, P[i], descriptor(low_word(v + i * 2048, KEYS * 128), high_word<128>()));
}

// What the copying thread does.
INLINE void bring(const Place &place, const Barriers &bars, u32 room, const TensorMap *Q, const TensorMap *K, const TensorMap *V) {
  u32 k = room + WORKERS * QUERY_BYTES, v = k + SLOTS * K_BYTES;
  barrier_expect(bars.query, WORKERS * 64 * HEAD_DIM * 2);
#pragma unroll
  for (int w = 0; w < WORKERS; w++)
#pragma unroll
    for (int c = 0; c < HEAD_DIM / 64; c++)
      copy_box(room + w * QUERY_BYTES + c * 8192, Q, 64 * c, place.head, place.query0 + 64 * w, place.batch, bars.query);
#pragma unroll 1
  for (int i = 0; i < place.count; i++) {
    int slot = i % SLOTS, t = (place.firstTile + place.count - 1 - i) * KEYS;
    u32 phase = ((i / SLOTS) & 1) ^ 1;
    barrier_wait(bars.keysFree + 8 * slot, phase);
    barrier_expect(bars.keys + 8 * slot, K_BYTES);
#pragma unroll
    for (int c = 0; c < HEAD_DIM / 64; c++)
      copy_box(k + slot * K_BYTES + c * (KEYS * 128), K, 64 * c, place.group, t, place.batch, bars.keys + 8 * slot);
    barrier_wait(bars.valuesFree + 8 * slot, phase);
    barrier_expect(bars.values + 8 * slot, V_BYTES);
#pragma unroll
    for (int c = 0; c < VALUE_DIM / 64; c++)
      copy_box(v + slot * V_BYTES + c * (KEYS * 128), V, 64 * c, place.group, t, place.batch, bars.values + 8 * slot);
  }
}

INLINE void attend_rows(const Problem &p, const Place &place, const Barriers &bars, u32 room, int worker) {
  int thread = threadIdx.x & 127, w = thread >> 5, lane = thread & 31;
  u32 q = room + worker * QUERY_BYTES, k = room + WORKERS * QUERY_BYTES, v = k + SLOTS * K_BYTES;
  Rows rows;
  start_rows(p, place, 64 * worker + 16 * w + (lane >> 2), rows);
  float O[VALUE_DIM / 2], S[KEYS / 2], shrink[2];
  u32 P[KEYS / 16][4];
#pragma unroll
  for (int i = 0; i < VALUE_DIM / 2; i++) O[i] = 0.0f;
  auto key0 = [&](int i) { return (place.firstTile + place.count - 1 - i) * KEYS; };
  if (place.count > 0) {
    barrier_wait(bars.query, 0);
    barrier_wait(bars.keys, 0);
    products_begin();
    score(S, q, k);
    products_end();
    products_wait<0>();
    release(bars.keysFree, lane);
    weigh(S, rows, p.scale, key0(0), lane, shrink);
    as_rows(P, S);
  }
#pragma unroll 1
  for (int i = 1; i < place.count; i++) {
    int slot = i % SLOTS, last = (i - 1) % SLOTS;
    barrier_wait(bars.keys + 8 * slot, (i / SLOTS) & 1);
    products_begin();
    score(S, q, k + slot * K_BYTES);
    products_end();
    barrier_wait(bars.values + 8 * last, ((i - 1) / SLOTS) & 1);
    gather_values(O, P, v + last * V_BYTES);
    products_end();
    products_wait<1>();
    release(bars.keysFree + 8 * slot, lane);
    weigh(S, rows, p.scale, key0(i), lane, shrink);
    products_wait<0>();
    release(bars.valuesFree + 8 * last, lane);
    shrink_sums(O, shrink);
    as_rows(P, S);
  }
  if (place.count > 0) {
    int last = place.count - 1;
    barrier_wait(bars.values + 8 * (last % SLOTS), (last / SLOTS) & 1);
    products_begin();
    gather_values(O, P, v + (last % SLOTS) * V_BYTES);
    products_end();
    products_wait<0>();
  } else {
    barrier_wait(bars.query, 0); // its copies must have ended before the results take their place
  }
  divide(O, rows);
  asm volatile("bar.sync %0, 128;" ::"r"(1 + worker) : "memory"); // nobody reads the queries any more
  store_output(p, O, place, q, place.query0 + 64 * worker, w, lane);
}

extern __shared__ __align__(1024) unsigned char room_bytes[];

extern "C" __global__ __launch_bounds__(THREADS, 1)
void attend(const Problem p, const __grid_constant__ TensorMap mapQ, const __grid_constant__ TensorMap mapK,
            const __grid_constant__ TensorMap mapV) {
  u32 room = shared_address(room_bytes);
  Barriers bars = barriers_at(room + WORKERS * QUERY_BYTES + SLOTS * (K_BYTES + V_BYTES));
  Place place = place_of(p);
  if (threadIdx.x == 0) {
    prefetch_map(&mapQ);
    prefetch_map(&mapK);
    prefetch_map(&mapV);
    barrier_init(bars.query);
    for (int i = 0; i < SLOTS; i++) {
      barrier_init(bars.keys + 8 * i);
      barrier_init(bars.values + 8 * i);
      barrier_init_for(bars.keysFree + 8 * i, 4 * WORKERS);
      barrier_init_for(bars.valuesFree + 8 * i, 4 * WORKERS);
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    publish();
  }
  __syncthreads();
  int worker = (int)(threadIdx.x >> 7) - 1;
  if (worker < 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(WORKERS == 2 ? 24 : 32));
    if (threadIdx.x == 0) bring(place, bars, room, &mapQ, &mapK, &mapV);
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(WORKERS == 2 ? 240 : 160));
    attend_rows(p, place, bars, room, worker);
  }
}
