// Elements of a tensor by their storage type: 0 f32, 1 f16, 2 bf16 (storage.ts).
__device__ __forceinline__ float element_of(const void *T, long long i, unsigned kind) {
  if (kind == 0u) return ((const float *)T)[i];
  unsigned short bits = ((const unsigned short *)T)[i];
  if (kind == 2u) return __uint_as_float((unsigned)bits << 16);
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

__device__ __forceinline__ void store_element(void *T, long long i, unsigned kind, float value) {
  if (kind == 0u) {
    ((float *)T)[i] = value;
    return;
  }
  unsigned short bits;
  if (kind == 1u) asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  else asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  ((unsigned short *)T)[i] = bits;
}
