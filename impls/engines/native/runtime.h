// What every kernel's library has beside its kernel: the call from JavaScript, and threads that share a run.
#pragma once
#include <stdint.h>

// Defined by each kernel: one run. `args` is its `Args`, whose members all have 8 bytes (fields.ts reads them from the source).
void kernel(const void *args);

// One part of a run, on one of its threads: 0 is the caller, and each has scratch memory of its own.
typedef void Task(const void *args, int64_t task, int64_t thread);

// Tasks 0 to `tasks` - 1 on so many threads; returns when all are done. Tasks write to disjoint places, so that results do not depend
// on who takes which.
void share(Task *task, const void *args, int64_t tasks, int64_t threads);
