// Copies into shared memory: asynchronous ones of a thread, and boxes of tensors by Hopper's copy engine, which count bytes on a barrier.

INLINE void copy_async(u32 to, const void *from, int bytes, int all) {
  if (all == 16) asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
  else asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
INLINE void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int LEFT> INLINE void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory"); }

#if HOPPER
struct alignas(64) TensorMap { u64 words[16]; };
INLINE void barrier_init(u32 bar) { asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(bar) : "memory"); }
INLINE void barrier_expect(u32 bar, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar), "r"(bytes) : "memory");
}
INLINE void barrier_wait(u32 bar, u32 phase) {
  asm volatile("{.reg .pred p;\n W%=: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n @p bra D%=;\n bra W%=;\n D%=:\n}"
               ::"r"(bar), "r"(phase) : "memory");
}
INLINE void copy_box(u32 to, const TensorMap *map, int column, int outer, int t, int batch, u32 bar) {
  asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4, %5}], [%6];"
               ::"r"(to), "l"(map), "r"(column), "r"(outer), "r"(t), "r"(batch), "r"(bar) : "memory");
}
INLINE void prefetch_map(const TensorMap *map) { asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory"); }
#endif

// The next kernel may start: what it reads of this one it waits for itself.
INLINE void let_next_start() {
#if HOPPER
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
INLINE void wait_for_last() {
#if HOPPER
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
