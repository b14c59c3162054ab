// Elements of a tensor by their storage type, as storage.ts numbers them.
#define INLINE __device__ __forceinline__
constexpr unsigned KIND_f32 = 0u, KIND_f16 = 1u, KIND_bf16 = 2u;

INLINE float element_of(const void *T, long long i, unsigned kind) {
  if (kind == KIND_f32) return ((const float *)T)[i];
  unsigned short bits = ((const unsigned short *)T)[i];
  if (kind == KIND_bf16) return __uint_as_float((unsigned)bits << 16);
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

INLINE void store_element(void *T, long long i, unsigned kind, float value) {
  if (kind == KIND_f32) {
    ((float *)T)[i] = value;
    return;
  }
  unsigned short bits;
  if (kind == KIND_f16) asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  else asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  ((unsigned short *)T)[i] = bits;
}
