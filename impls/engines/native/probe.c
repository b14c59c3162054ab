// What this processor and its system have, asked before any kernel is built for it.

__attribute__((visibility("default"))) const char *vectors(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int fma = __builtin_cpu_supports("fma");
  if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return "avx512";
  return fma && __builtin_cpu_supports("avx2") ? "avx2" : "none";
#elif defined(__aarch64__)
  return "neon";
#else
  return "none";
#endif
}
