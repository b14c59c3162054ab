// What stands behind a user's kernel, in its own translation unit (library.ts writes the call): long names, so that they are not its own.
#pragma once
#include "../denormals.h"
#include <sys/mman.h>

// Written for each kernel: calls it with the arguments of a block of words.
static void dualbench_call(const void *block);

EXPORT void dualbench_run(const uint8_t *block) {
  const uint64_t before = flush_denormals();
  dualbench_call(block);
  restore(before);
}

EXPORT uint64_t dualbench_address_of(const uint8_t *bytes) { return (uintptr_t)bytes; }

// Whole pages that nobody may touch, or may again: who reads or writes there ends the process.
EXPORT int dualbench_guard(uint64_t from, uint64_t bytes, int closed) {
  return mprotect((void *)(uintptr_t)from, bytes, closed ? PROT_NONE : PROT_READ | PROT_WRITE);
}
