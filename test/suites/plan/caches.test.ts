/** Cold samples are single runs, each after the engine emptied its cache. */
import { expect, it } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import { measure, warmUp } from "../../../suites/measure/measure.js";
import { SimulatedClock, syntheticEngine } from "../measure/synthetic.js";

/** Runs of 1 ms, of 3 ms where the cache is cold. */
function engine() {
  const clock = new SimulatedClock(1);
  const warm = syntheticEngine(clock);
  const calls: string[] = [];
  const cooling: Engine<unknown> = {
    ...warm,
    async time(run, repeats) {
      calls.push(`warm x ${repeats}`);
      return warm.time(run, repeats);
    },
    async timeCold(run) {
      calls.push("cold");
      const { hostNs } = await warm.time(run, 1);
      return { hostNs: 3 * hostNs };
    },
  };
  const run = () => {
    clock.ms += 1;
  };
  return { clock, calls, cooling, warm, prepared: { run } as never };
}

it("are taken one run at a time by the engine's cold clock", async () => {
  const { calls, cooling, prepared } = engine();
  const warmed = await warmUp(cooling, prepared, 5e6, true);
  expect(warmed).toEqual({ repeats: 1, estimateNs: 3e6 });
  calls.length = 0;
  const turn = { count: 4, repeats: 1, cold: true, now: () => 0 };
  const samples = await measure(cooling, prepared, turn);
  expect(samples.map(({ hostNs }) => hostNs)).toEqual([3e6, 3e6, 3e6, 3e6]);
  expect(calls).toEqual(["cold", "cold", "cold", "cold"]);
});

it("are refused by an engine that cannot empty its cache", async () => {
  const { warm, prepared } = engine();
  const turn = { count: 1, repeats: 1, cold: true, now: () => 0 };
  await expect(measure(warm, prepared, turn)).rejects.toThrow("engine cpu cannot time with a cold cache");
});
