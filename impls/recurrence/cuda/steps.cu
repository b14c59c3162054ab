// Functions of time steps and gates that the recurrences share; the compiler's own log1pf and expf, accurate to two ulp.
INLINE float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// softplus; above 20 it is its argument (impls/selective_scan/README.md)
INLINE float softplus(float w) { return w > 20.0f ? w : log1pf(expf(w)); }
// silu through exp(-|z|), which cannot overflow
INLINE float gated(float y, float z) {
  float e = expf(-fabsf(z));
  return y * z * ((z >= 0.0f ? 1.0f : e) / (1.0f + e));
}
