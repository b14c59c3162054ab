// Matrices of 8 x 8 halves between shared memory and registers.

// Four 8 x 8 matrices; lane l gives the address of row l % 8 of matrix l / 8.
INLINE void load_matrices(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}
INLINE void load_transposed(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(a) : "memory");
}

// Rows 16 w to 16 w + 15 of sums, two columns of eight (8 j and 8 j + 8) at a time, into a tile of storage.
template <class Address> INLINE void store_rows(const float *sums, int j, int w, int lane, Address address) {
  u32 a = halves(sums[4 * j], sums[4 * j + 1]), b = halves(sums[4 * j + 2], sums[4 * j + 3]);
  u32 c = halves(sums[4 * j + 4], sums[4 * j + 5]), d = halves(sums[4 * j + 6], sums[4 * j + 7]);
#if __CUDA_ARCH__ >= 900
  int row = 16 * w + (((lane >> 3) & 1) << 3) + (lane & 7);
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};"
               ::"r"(address(row, j + (lane >> 4))), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
#else
  int row = 16 * w + (lane >> 2), q = (lane & 3) * 4;
  store_u32(address(row, j) + q, a);
  store_u32(address(row + 8, j) + q, b);
  store_u32(address(row, j + 1) + q, c);
  store_u32(address(row + 8, j + 1) + q, d);
#endif
}
