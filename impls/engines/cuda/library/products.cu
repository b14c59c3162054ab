// Products of tiles of storage with f32 sums. A thread of warp w holds of a 64 x n result rows 16 w + lane / 4 and eight below, columns
// 8 j + 2 (lane % 4) and the next one, as sums[4 j .. 4 j + 3]: warpgroup products and those of 16 x 8 x 16 agree in that.
#if BFLOAT
#define STORAGE "bf16.bf16"
#else
#define STORAGE "f16.f16"
#endif
#if HOPPER

INLINE u64 descriptor(u32 low, u32 high) {
  u64 r;
  asm("mov.b64 %0, {%1, %2};" : "=l"(r) : "r"(low), "r"(high));
  return r;
}
// Address, and distance between columns of 64; distance between rows of eight, and the kind of swizzle.
INLINE u32 low_word(u32 address, u32 columns) { return (address >> 4) | ((columns >> 4) << 16); }
template <int ROW> INLINE u32 high_word() {
  return (u32)((8 * ROW) >> 4) | ((u32)(ROW == 128 ? 1 : ROW == 64 ? 2 : 3) << 30);
}

INLINE void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
INLINE void products_end() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int LEFT> INLINE void products_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(LEFT) : "memory"); }

#define REGS_8 "%0,%1,%2,%3,%4,%5,%6,%7"
#define REGS_16 REGS_8 ",%8,%9,%10,%11,%12,%13,%14,%15"
#define REGS_32 REGS_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define REGS_64 REGS_32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47" \
  ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define REGS_128 REGS_64 ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79" \
  ",%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95" \
  ",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111" \
  ",%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"
#define SUMS_4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define SUMS_8(d, i) SUMS_4(d, i), SUMS_4(d, i + 4)
#define SUMS_16(d, i) SUMS_8(d, i), SUMS_8(d, i + 8)
#define SUMS_32(d, i) SUMS_16(d, i), SUMS_16(d, i + 16)
#define SUMS_64(d, i) SUMS_32(d, i), SUMS_32(d, i + 32)
#define SUMS_128(d, i) SUMS_64(d, i), SUMS_64(d, i + 64)

// sums[64, n] += A[64, 16] B[16, n]: A in registers, B in shared memory with its columns beside each other ("transposed")
#define FROM_REGISTERS(n, count, A0, A1, A2, A3, B)                                                                       \
  INLINE void product_rows(float(&d)[count], const u32(&a)[4], u64 b) {                                                  \
    asm volatile("{.reg .pred p; setp.eq.u32 p, 0, 0;\n wgmma.mma_async.sync.aligned.m64n" #n                           \
                 "k16.f32." STORAGE " {" REGS_##count "}, {" A0 "," A1 "," A2 "," A3 "}, " B ", p, 1, 1, 1;}"                 \
                 : SUMS_##count(d, 0) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                              \
  }
FROM_REGISTERS(16, 8, "%8", "%9", "%10", "%11", "%12")
FROM_REGISTERS(32, 16, "%16", "%17", "%18", "%19", "%20")
FROM_REGISTERS(64, 32, "%32", "%33", "%34", "%35", "%36")
FROM_REGISTERS(128, 64, "%64", "%65", "%66", "%67", "%68")
FROM_REGISTERS(256, 128, "%128", "%129", "%130", "%131", "%132")

// sums[64, n] (+)= A[64, 16] B[n, 16]', both in shared memory
#define FROM_TILES(n, count, A, B, ADD)                                                                                  \
  INLINE void product_tiles(float(&d)[count], u64 a, u64 b, int add) {                                                   \
    asm volatile("{.reg .pred p; setp.ne.b32 p, " ADD ", 0;\n wgmma.mma_async.sync.aligned.m64n" #n                      \
                 "k16.f32." STORAGE " {" REGS_##count "}, " A ", " B ", p, 1, 1, 0, 0;}"                                 \
                 : SUMS_##count(d, 0) : "l"(a), "l"(b), "r"(add));                                                       \
  }
FROM_TILES(64, 32, "%32", "%33", "%34")
FROM_TILES(128, 64, "%64", "%65", "%66")

#else // products of 16 x 8 x 16, one warp each

INLINE void products_begin() {}
INLINE void products_end() {}
template <int LEFT> INLINE void products_wait() {}

INLINE void product(float *d, const u32 (&a)[4], u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." STORAGE ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif
