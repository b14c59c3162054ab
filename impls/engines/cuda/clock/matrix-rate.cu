// Products of TYPE (f16 or bf16) with f32 sums: warpgroup products of 64 x 128 x 16 from shared memory where the architecture has them,
// else 16 x 8 x 16 from registers.
struct Rate { float *sink; int steps; };

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#define TYPES "f32." STRING(TYPE) "." STRING(TYPE)

#if __CUDA_ARCH_FEAT_SM90_ALL
#define REGS_16 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define REGS_32 REGS_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define REGS_48 REGS_32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"
#define REGS_64 REGS_48 ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define SUMS_4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define SUMS_16(d, i) SUMS_4(d, i), SUMS_4(d, i + 4), SUMS_4(d, i + 8), SUMS_4(d, i + 12)

extern "C" __global__ void __launch_bounds__(256) matrix_rate(Rate p) {
  __shared__ __align__(1024) unsigned tile[8192];
  for (int i = threadIdx.x; i < 8192; i += 256) tile[i] = 0x2c003000u + i % 7;
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  unsigned long long at = ((unsigned)__cvta_generic_to_shared(tile) >> 4) | (1ull << 16) | (64ull << 32) | (1ull << 62);
  float d[64];
#pragma unroll
  for (int k = 0; k < 64; k++) d[k] = 0;
  for (int i = 0; i < p.steps; i++) {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int k = 0; k < 4; k++)
      asm volatile("{.reg .pred p; setp.eq.u32 p, 0, 0;\n wgmma.mma_async.sync.aligned.m64n128k16." TYPES " {" REGS_64
                   "}, %64, %65, p, 1, 1, 0, 0;}"
                   : SUMS_16(d, 0), SUMS_16(d, 16), SUMS_16(d, 32), SUMS_16(d, 48)
                   : "l"(at + 2 * k), "l"(at + 1024 + 2 * k));
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  }
  float sum = 0;
#pragma unroll
  for (int k = 0; k < 64; k++) sum += d[k];
  if (sum == 12345.0f) p.sink[0] = sum; // never: but the compiler cannot know
}
#else
extern "C" __global__ void __launch_bounds__(256) matrix_rate(Rate p) {
  float d[8][4];
  for (int k = 0; k < 8; k++)
    for (int i = 0; i < 4; i++) d[k][i] = 0;
  unsigned a[4], b[2];
  for (int i = 0; i < 4; i++) a[i] = 0x2c003000u + threadIdx.x;
  for (int i = 0; i < 2; i++) b[i] = 0x2c003000u + 3 * threadIdx.x;
  for (int step = 0; step < p.steps; step++)
#pragma unroll
    for (int k = 0; k < 8; k++)
      asm volatile("mma.sync.aligned.m16n8k16.row.col." TYPES ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                   : "+f"(d[k][0]), "+f"(d[k][1]), "+f"(d[k][2]), "+f"(d[k][3])
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  float sum = 0;
  for (int k = 0; k < 8; k++)
    for (int i = 0; i < 4; i++) sum += d[k][i];
  if (sum == 12345.0f) p.sink[0] = sum;
}
#endif
