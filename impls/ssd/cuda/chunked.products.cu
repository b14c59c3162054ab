// The products of one chunk, over tiles of 64 tokens.
#if HOPPER

// sums[64, 64] = A[64, NPAD] B[64, NPAD]' from two tiles
INLINE void multiply_tiles(float (&sums)[32], u32 a, u32 b, int, int) {
  products_begin();
#pragma unroll
  for (int k = 0; k < NPAD / 16; k++) {
    u32 step = NPAD >= 64 ? (k >> 2) * 8192 + (k & 3) * 32 : k * 32;
    product_tiles(sums, descriptor(low_word(a + step, 16), high_word<ROW_BYTES>()),
                  descriptor(low_word(b + step, 16), high_word<ROW_BYTES>()), k > 0);
  }
  products_end();
}
// state[64, NPAD] += A[64, 64] B[64, NPAD], A in registers
INLINE void add_to_state(float (&state)[STATE_REGS], const u32 (&a)[4][4], u32 b, int) {
  products_begin();
#pragma unroll
  for (int k = 0; k < 4; k++) product_rows(state, a[k], descriptor(low_word(b, 8192) + k * ROW_BYTES, high_word<ROW_BYTES>()));
  products_end();
}
// sums[64, 64] += A[64, 64] X[64, 64], A in registers
INLINE void add_to_output(float (&sums)[32], const u32 (&a)[4][4], u32 x, int, int) {
  products_begin();
#pragma unroll
  for (int k = 0; k < 4; k++) product_rows(sums, a[k], descriptor(low_word(x, 8192) + k * 128, high_word<128>()));
  products_end();
}

#else

INLINE void multiply_tiles(float (&sums)[32], u32 a, u32 b, int w, int lane) {
#pragma unroll
  for (int i = 0; i < 32; i++) sums[i] = 0.0f;
#pragma unroll
  for (int k = 0; k < NPAD / 16; k++) {
    u32 rows[4], columns[4];
    load_matrices(rows, a + at_n(16 * w + (lane & 15), 2 * k + (lane >> 4)));
#pragma unroll
    for (int j = 0; j < 4; j++) {
      load_matrices(columns, b + at_n(16 * j + (lane & 7) + ((lane >> 4) << 3), 2 * k + ((lane >> 3) & 1)));
      product(sums + 8 * j, rows, columns[0], columns[1]);
      product(sums + 8 * j + 4, rows, columns[2], columns[3]);
    }
  }
}
INLINE void add_to_state(float (&state)[STATE_REGS], const u32 (&a)[4][4], u32 b, int lane) {
#pragma unroll
  for (int k = 0; k < 4; k++)
#pragma unroll
    for (int j = 0; j < NPAD / 16; j++) {
      u32 columns[4];
      load_transposed(columns, b + at_n(16 * k + (lane & 15), 2 * j + (lane >> 4)));
      product(state + 8 * j, a[k], columns[0], columns[1]);
      product(state + 8 * j + 4, a[k], columns[2], columns[3]);
    }
}
// Blocks of A above the diagonal are zero: a warp's rows end at its own.
INLINE void add_to_output(float (&sums)[32], const u32 (&a)[4][4], u32 x, int w, int lane) {
#pragma unroll
  for (int k = 0; k < 4; k++)
    if (k <= w)
#pragma unroll
      for (int j = 0; j < 4; j++) {
        u32 columns[4];
        load_transposed(columns, x + at_x(16 * k + (lane & 15), 2 * j + (lane >> 4)));
        product(sums + 8 * j, a[k], columns[0], columns[1]);
        product(sums + 8 * j + 4, a[k], columns[2], columns[3]);
      }
}
#endif
