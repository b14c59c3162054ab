// Denormals as zeros, read and written: arithmetic on them is ten to a hundred times slower. A mode of the thread, which JavaScript must
// get back as it was: its own numbers would be flushed too.
#pragma once
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define EXPORT __attribute__((visibility("default")))

#if defined(__x86_64__)
static uint64_t flush_denormals(void) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);
  return before;
}
static void restore(uint64_t before) { _mm_setcsr((unsigned)before); }
#else
static uint64_t flush_denormals(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)));
  return before;
}
static void restore(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }
#endif
