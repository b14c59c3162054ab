// Denormals as zeros, read and written: arithmetic on them is ten to a hundred times slower. A mode of the thread, which JavaScript must
// get back as it was: its own numbers would be flushed too.
#pragma once
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

// Built in, since reading immintrin.h takes longer than compiling a small kernel.
#if defined(__x86_64__)
static uint64_t flush_denormals(void) {
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
  return before;
}
static void restore(uint64_t before) { __builtin_ia32_ldmxcsr((unsigned)before); }
#else
static uint64_t flush_denormals(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)));
  return before;
}
static void restore(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }
#endif
