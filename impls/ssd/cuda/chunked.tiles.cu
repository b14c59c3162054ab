// What a workgroup holds and how it is addressed. Sizes by the definitions that prepare.ts gives:
//   BFLOAT and MMA_SYNC as in engines/cuda/library, NPAD 16, 32, 64, 128 or 256 columns of state,
//   WIDE 1 where every row starts at 16 bytes,
//   ONE_CHUNK a segment has one chunk, FINAL_BY_SCAN the scan between the walks writes the final state,
//   HAS_DT, HAS_Z, HAS_D (1 a head, 2 a channel), LOCAL_HALF and ENTRY_HALF for the states at the borders of segments

// Tensors as the operator names them; a slice is 64 channels of one head, a unit one of a workgroup's two slices.
struct Problem {
  const u16 *X, *B, *C;
  const float *logA, *dt, *D;
  const u16 *z;
  const float *initialState;
  u16 *Y;
  float *finalState;
  void *local, *entry; // states at the ends of segments, and where they begin
  float *decays;       // log2 of each segment's decay, a unit
  int batch, length, heads, groups, headDim, state;
  int slices, pairs;   // slices a head, workgroups a group
  int chunks, segments;
};

constexpr int CHUNK = 64, CHANNELS = 64, THREADS = 256;
constexpr int X_BYTES = CHUNK * CHANNELS * 2;
constexpr int N_BYTES = CHUNK * NPAD * 2;               // a tile of B, C or the state
constexpr int ROW_BYTES = NPAD >= 64 ? 128 : NPAD * 2;  // of a swizzled row: tiles are cut into columns of 64
constexpr int COLUMN_TILES = NPAD >= 64 ? NPAD / 64 : 1;
constexpr int STATE_REGS = NPAD / 2;                    // values of the state a thread holds
constexpr int STEP_BYTES = 2 * CHUNK * 8;               // logA and dt of two slices
constexpr float LOWEST = BFLOAT ? -126.0f : -64.0f;     // log2 of a decay: below it nothing of the storage type is left

// Address of the 16 bytes `piece` of a row: bits 4 to 6 are crossed with the row, as the copy engine and the products have it.
INLINE u32 at_n(int row, int piece) {
  if (NPAD >= 64) return (piece >> 3) * 8192 + row * 128 + (((piece & 7) ^ (row & 7)) << 4);
  if (NPAD == 32) return row * 64 + ((piece ^ ((row >> 1) & 3)) << 4);
  return row * 32 + ((piece ^ ((row >> 2) & 1)) << 4);
}
INLINE u32 at_x(int row, int piece) { return row * 128 + ((piece ^ (row & 7)) << 4); }

// log2 of a decay; a NaN stays one
INLINE float log2_decay(float logA) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(logA * 1.4426950408889634f), "f"(LOWEST));
  return y;
}
// The threads of one slice.
INLINE void slice_barrier(int half) { asm volatile("bar.sync %0, 128;" ::"r"(1 + half) : "memory"); }
