/** The clock of engines whose runs are function calls: nothing is left to do when one returns. */
import type { Timing } from "../engine.js";

export const hostClock = {
  async once(run: () => void | Promise<void>): Promise<void> {
    await run();
  },
  async time(run: () => void | Promise<void>, repeats: number): Promise<Timing> {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      const pending = run();
      if (pending) await pending;
    }
    return { hostNs: ((performance.now() - start) * 1e6) / repeats };
  },
};

/** Shortest of five runs after one to warm up. */
export async function bestNs(run: () => Promise<void>): Promise<number> {
  await run();
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) ns = Math.min(ns, (await hostClock.time(run, 1)).hostNs);
  return ns;
}
