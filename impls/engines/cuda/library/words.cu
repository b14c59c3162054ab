// Words, addresses of shared memory, values of storage: f16, or bf16 where BFLOAT is 1.
// MMA_SYNC 1 keeps to what every card since Ampere has: products of 16 x 8 x 16 and ordinary copies.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) && !MMA_SYNC
#define HOPPER 1
#else
#define HOPPER 0
#endif
#define INLINE __device__ __forceinline__
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;

INLINE u32 shared_address(const void *p) { return (u32)__cvta_generic_to_shared(p); }
INLINE float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// Two values of storage: f16, or bf16 where BFLOAT is 1.
INLINE u32 halves(float low, float high) {
  u32 r;
  if (BFLOAT) asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  else asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
// In assembly for bf16 too: where the compiler sees a shift it moves it, holds more registers and spills.
INLINE float2 floats(u32 v) {
  float2 r;
  if (BFLOAT) asm("shl.b32 %0, %2, 16; and.b32 %1, %2, 0xffff0000;" : "=f"(r.x), "=f"(r.y) : "r"(v));
  else asm("{.reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h;}" : "=f"(r.x), "=f"(r.y) : "r"(v));
  return r;
}
INLINE float from_lane(float v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }

INLINE float2 load_f2(u32 a) {
  float2 v;
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(v.x), "=f"(v.y) : "r"(a) : "memory");
  return v;
}
INLINE uint4 load_u4(u32 a) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(a) : "memory");
  return v;
}
INLINE void store_f2(u32 a, float x, float y) { asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(a), "f"(x), "f"(y) : "memory"); }
INLINE void store_u32(u32 a, u32 v) { asm volatile("st.shared.u32 [%0], %1;" ::"r"(a), "r"(v) : "memory"); }
INLINE void store_u16(u32 a, u16 v) { asm volatile("st.shared.u16 [%0], %1;" ::"r"(a), "h"(v) : "memory"); }

// What ordinary stores wrote into shared memory, before products or copies of the engine look at it.
INLINE void publish() {
#if HOPPER
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
