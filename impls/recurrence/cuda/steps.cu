// Functions of time steps and gates that the recurrences share. Of steps the compiler's own log1pf and expf, accurate to two ulp.
constexpr float LOG2_E = 1.4426950408889634f;

INLINE float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// softplus; above 20 it is its argument (impls/selective_scan/README.md)
INLINE float softplus(float w) { return w > 20.0f ? w : log1pf(expf(w)); }
// silu through exp(-|z|), which cannot overflow; small exponentials stay (no ftz). ex2.approx errs by four roundings, rcp.approx by two.
INLINE float gated(float y, float z) {
  float e, part;
  asm("ex2.approx.f32 %0, %1;" : "=f"(e) : "f"(-fabsf(z) * LOG2_E));
  asm("rcp.approx.f32 %0, %1;" : "=f"(part) : "f"(1.0f + e));
  return y * z * ((z >= 0.0f ? 1.0f : e) * part);
}
