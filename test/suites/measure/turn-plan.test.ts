/** What turns do beside their samples, over many seeds: seeds are 0 to 199. */
import { describe, expect, it } from "vitest";
import type { Step } from "../../../suites/check/witness.js";
import { TurnPlanner } from "../../../suites/measure/turn-plan.js";

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

/** Follows steps as a session does, with a run count and the set in place. */
function follow(turns: readonly (readonly Step[])[], repeats: number) {
  let [runs, set, unread, poisoned] = [0, 0, false, true];
  const seen = { reads: [] as number[], late: 0, switches: 0, poisons: 0, visible: 0, samples: 0, runs: 0 };
  for (const step of turns.flat()) {
    if (step === "switch") {
      set = 1 - set;
      seen.switches++;
      if (unread) seen.late++;
      if (!poisoned) seen.visible++;
    } else if (step === "poison") {
      poisoned = true;
      seen.poisons++;
    } else if (step === "read") {
      if (unread) seen.reads.push(runs);
      unread = false;
    } else {
      const more = typeof step === "number" ? step : step.samples * repeats;
      if (typeof step !== "number") seen.samples += step.samples;
      runs += more;
      if (more > 0) [unread, poisoned] = [true, false];
    }
  }
  return { ...seen, runs };
}

function planned(seed: number, turns: number, size: { samples: number; repeats: number }) {
  const planner = new TurnPlanner(seed, "a case");
  return Array.from({ length: turns }, () => planner.next(size));
}

describe("turns", () => {
  it("are the same for the same seed, and others for another case", () => {
    const size = { samples: 20, repeats: 1 };
    expect(planned(3, 5, size)).toEqual(planned(3, 5, size));
    expect(planned(3, 5, size)).not.toEqual(
      Array.from({ length: 5 }, () => new TurnPlanner(3, "b").next(size)),
    );
  });

  it.each([
    [1, 1],
    [4, 1],
    [20, 1],
    [20, 10],
    [20, 400],
  ])(
    "of %d samples of %d runs take their samples, change inputs in view and read late, whatever the seed",
    (samples, repeats) => {
      for (const seed of SEEDS) {
        const seen = follow(planned(seed, 3, { samples, repeats }), repeats);
        expect(seen.samples).toBe(3 * samples);
        expect(seen.switches).toBeGreaterThanOrEqual(1);
        // a change that poison does not hide, and a run that is read when its inputs are gone
        expect(seen.visible).toBeGreaterThanOrEqual(1);
        expect(seen.late).toBeGreaterThanOrEqual(1);
      }
    },
  );

  it("read every run but the last where there are fewer than 45, else 45 or more", () => {
    for (const seed of SEEDS) {
      const few = follow(planned(seed, 9, { samples: 4, repeats: 1 }), 1);
      expect(few.runs).toBe(36);
      expect(few.reads.length).toBeGreaterThanOrEqual(35);
      expect(follow(planned(seed, 6, { samples: 20, repeats: 1 }), 1).reads.length).toBeGreaterThanOrEqual(
        43,
      );
      expect(follow(planned(seed, 6, { samples: 20, repeats: 50 }), 50).reads.length).toBeGreaterThanOrEqual(
        45,
      );
    }
  });

  it("poison before about half of the turns after the first", () => {
    const poisons = SEEDS.map((seed) => follow(planned(seed, 41, { samples: 2, repeats: 1 }), 1).poisons);
    const mean = poisons.reduce((sum, count) => sum + count, 0) / poisons.length;
    expect(mean).toBeGreaterThan(18);
    expect(mean).toBeLessThan(22);
  });

  it("read after every remainder of the number of runs by 50", () => {
    for (const repeats of [1, 10, 100]) {
      const remainders = new Set(
        SEEDS.flatMap((seed) =>
          follow(planned(seed, 6, { samples: 20, repeats }), repeats).reads.map((run) => run % 50),
        ),
      );
      expect(remainders.size).toBe(50);
    }
  });

  it("leave seven of eight runs unread where they are many", () => {
    const seen = follow(planned(1, 40, { samples: 20, repeats: 1 }), 1);
    expect(seen.reads.length).toBeLessThan(seen.runs / 8);
    expect(seen.switches).toBeLessThan(28);
  });
});
