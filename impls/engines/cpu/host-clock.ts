/** The clock of engines that call functions in this process. */
import type { Engine } from "../engine.js";

export const onceOnHost: Engine["once"] = async (run) => {
  await run();
};

export const timeOnHost: Engine["time"] = async (run, repeats) => {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    const pending = run();
    if (pending) await pending;
  }
  return { hostNs: ((performance.now() - start) * 1e6) / repeats };
};

/** Shortest of five runs after one to warm up. */
export async function bestNs(run: () => Promise<void>): Promise<number> {
  await run();
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) ns = Math.min(ns, (await timeOnHost(run, 1)).hostNs);
  return ns;
}
