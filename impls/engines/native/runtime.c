// Affinity is no part of POSIX.
#define _GNU_SOURCE
#include "denormals.h"
#include "runtime.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#if defined(__x86_64__)
static void pause_briefly(void) { __builtin_ia32_pause(); }
#else
static void pause_briefly(void) { __asm__ volatile("yield"); }
#endif

EXPORT void run(const uint8_t *args) {
  const uint64_t before = flush_denormals();
  kernel(args);
  restore(before);
}

EXPORT uint64_t address_of(const uint8_t *bytes) { return (uintptr_t)bytes; }

EXPORT void guard(uint64_t from, uint64_t bytes, int closed) {
#if defined(__SANITIZE_ADDRESS__)
  if (closed) __asan_poison_memory_region((void *)(uintptr_t)from, bytes);
  else __asan_unpoison_memory_region((void *)(uintptr_t)from, bytes);
#else
  (void)from, (void)bytes, (void)closed;
#endif
}

// Longer than the gap between two runs of a benchmark, shorter than anyone notices: waking a sleeper takes 50 us.
enum { SPIN_NS = 40000, MOST_WORKERS = 127, CLOSED = 128 };

static struct {
  pthread_t threads[MOST_WORKERS];
  int workers;
  Task *task;
  const void *args;
  int64_t tasks;
  // Workers from this number on have no part in the dispatch.
  int taking;
  atomic_bool stopping;
  _Atomic uint32_t epoch;
  // epoch * 256, 128 more once closed, and the number of workers that joined: nobody waits for a thread that wakes late.
  _Atomic uint32_t gate;
  _Atomic int64_t next;
  _Atomic uint32_t finished;
  _Atomic int sleepers;
#if defined(__linux__)
  // The caller's processor, and how many workers were told to leave it.
  int caller, apart;
#endif
  pthread_mutex_t lock;
  pthread_cond_t wake;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Until the word has another value: spins a little, then sleeps.
static uint32_t await_change(_Atomic uint32_t *word, uint32_t known) {
  const int64_t until = now_ns() + SPIN_NS;
  for (int i = 1;; i++) {
    const uint32_t value = atomic_load(word);
    if (value != known) return value;
    pause_briefly();
    if (i % 32 == 0 && now_ns() > until) break;
  }
  pthread_mutex_lock(&pool.lock);
  atomic_fetch_add(&pool.sleepers, 1);
  while (atomic_load(word) == known) pthread_cond_wait(&pool.wake, &pool.lock);
  atomic_fetch_sub(&pool.sleepers, 1);
  pthread_mutex_unlock(&pool.lock);
  return atomic_load(word);
}

// After a word was changed: a sleeper counts itself before it looks at the word for the last time.
static void wake_sleepers(void) {
  if (atomic_load(&pool.sleepers) == 0) return;
  pthread_mutex_lock(&pool.lock);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
}

static void work(int64_t thread) {
  for (int64_t task; (task = atomic_fetch_add(&pool.next, 1)) < pool.tasks;) pool.task(pool.args, task, thread);
}

// Enters a dispatch unless it is closed already.
static bool join(uint32_t epoch) {
  uint32_t gate = atomic_load(&pool.gate);
  while (gate >> 8 == (epoch & 0xffffff) && !(gate & CLOSED))
    if (atomic_compare_exchange_weak(&pool.gate, &gate, gate + 1)) return true;
  return false;
}

static void *worker(void *argument) {
  const int64_t thread = (intptr_t)argument;
  flush_denormals();
  for (uint32_t epoch = 0;;) {
    epoch = await_change(&pool.epoch, epoch);
    if (atomic_load(&pool.stopping)) return 0;
    if (!join(epoch)) continue;
    if (thread < pool.taking) work(thread);
    atomic_fetch_add(&pool.finished, 1);
    wake_sleepers();
  }
}

// As many workers as can be had: a run with fewer is slower, not wrong.
static void grow(int64_t workers) {
  if (workers > MOST_WORKERS) workers = MOST_WORKERS;
  while (pool.workers < workers) {
    if (pthread_create(&pool.threads[pool.workers], 0, worker, (void *)(intptr_t)(pool.workers + 1))) return;
    pool.workers++;
  }
}

// A scheduler may put a worker on the caller's own processor, where it waits for the end of what it was to share: seen in a virtual
// machine of two, one run after the other, while the second processor was idle. So workers have all processors but that one.
static void keep_apart(void) {
#if defined(__linux__)
  const int here = sched_getcpu();
  if (here < 0 || (here == pool.caller && pool.apart == pool.workers)) return;
  cpu_set_t others;
  if (sched_getaffinity(0, sizeof others, &others)) return;
  CPU_CLR(here, &others);
  for (int i = 0; i < pool.workers && CPU_COUNT(&others) > 0; i++) pthread_setaffinity_np(pool.threads[i], sizeof others, &others);
  pool.caller = here, pool.apart = pool.workers;
#endif
}

static void start_epoch(void) {
  const uint32_t epoch = atomic_load(&pool.epoch) + 1;
  atomic_store(&pool.gate, (epoch & 0xffffff) << 8);
  atomic_store(&pool.epoch, epoch);
  wake_sleepers();
}

void share(Task *task, const void *args, int64_t tasks, int64_t threads) {
  if (threads < 2 || tasks < 2) {
    for (int64_t i = 0; i < tasks; i++) task(args, i, 0);
    return;
  }
  grow(threads - 1);
  keep_apart();
  pool.task = task, pool.args = args, pool.tasks = tasks, pool.taking = (int)threads;
  atomic_store(&pool.next, 0);
  atomic_store(&pool.finished, 0);
  start_epoch();
  work(0);
  const uint32_t joined = atomic_fetch_or(&pool.gate, CLOSED) & (CLOSED - 1);
  for (uint32_t finished = atomic_load(&pool.finished); finished != joined;)
    finished = await_change(&pool.finished, finished);
}

EXPORT void stop(void) {
  if (pool.workers == 0) return;
  atomic_store(&pool.stopping, true);
  start_epoch();
  for (; pool.workers > 0; pool.workers--) pthread_join(pool.threads[pool.workers - 1], 0);
  atomic_store(&pool.stopping, false);
  pool.apart = 0;
}
