/** A process that dies takes with it what its other cases have shown: they begin again, and nothing of before counts. */
import { describe, expect, it } from "vitest";
import type { AnyImplementation } from "../../../impls/implementation.js";
import type { Prepared } from "../../../impls/prepared.js";
import { EngineDied, type Host } from "../../../suites/processes/host.js";
import { measureOnce } from "./measure-once.js";
import { SimulatedClock, syntheticImplementation } from "./synthetic.js";

const DIES = "the process ends here";
/** So slow that a turn is one run and three turns are enough. */
const SLOW_MS = 300;
const SEEDS = 20;

/** @param nth counts the runs of a preparation, from 1 */
function kernel(
  clock: SimulatedClock,
  make: string,
  after: (nth: number, Y: Float32Array) => void = () => {},
): AnyImplementation {
  const inner = syntheticImplementation(clock, make, () => SLOW_MS);
  return {
    ...inner,
    async prepare(...args: Parameters<AnyImplementation["prepare"]>): Promise<Prepared> {
      const prepared = await inner.prepare(...args);
      const { Y } = (await prepared.read()) as Record<string, Float32Array>;
      let runs = 0;
      return {
        ...prepared,
        run(launch) {
          prepared.run(launch);
          after(++runs, Y);
        },
      };
    },
  };
}

/** Processes end where a kernel says so, and after each call that `idle` names. */
function mortal(host: Host, idle: (call: string) => boolean = () => false): Host {
  return {
    ...host,
    start() {
      const link = host.start();
      let died = false;
      return {
        get alive() {
          return link.alive && !died;
        },
        async call(name, body, deadlineMs) {
          try {
            return await link.call(name, body, deadlineMs);
          } catch (error) {
            if (!(error as Error).message.includes(DIES)) throw error;
            died = true;
            throw new EngineDied("its process was ended by SIGABRT");
          } finally {
            if (idle(name)) died = true;
          }
        },
        stop: () => link.stop(),
      };
    },
  };
}

/** Neighbours that end their process, each at its second run: the first turn. */
function crashers(clock: SimulatedClock, count: number): AnyImplementation[] {
  return Array.from({ length: count }, (_, i) =>
    kernel(clock, `crasher-${i}`, (nth) => {
      if (nth === 2) throw new Error(DIES);
    }),
  );
}

describe(`beside neighbours that end the process, with seeds 0 to ${SEEDS - 1}`, () => {
  it("a kernel that is wrong from its fourth run on is never measured", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const clock = new SimulatedClock(seed);
      const later = kernel(clock, "later", (nth, Y) => {
        if (nth > 3) Y[3] += 1;
      });
      const outcomes = await measureOnce(clock, [later, ...crashers(clock, 3)], seed, mortal);
      expect(outcomes.get("later"), `seed ${seed}`).toMatchObject({ status: "rejected", when: "timed runs" });
      for (let i = 0; i < 3; i++) expect(outcomes.get(`crasher-${i}`)?.status).toBe("failed");
    }
  });

  it("a right kernel's samples are all of its last process, and its row says that it began again", async () => {
    let begunAgain = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const clock = new SimulatedClock(seed);
      const outcomes = await measureOnce(clock, [kernel(clock, "fine"), ...crashers(clock, 1)], seed, mortal);
      const fine = outcomes.get("fine");
      if (fine?.status !== "measured") throw new Error(`seed ${seed}: ${JSON.stringify(fine)}`);
      const again = fine.remarks.some((one) => one.startsWith("begun again"));
      if (again) begunAgain++;
      // a neighbour that was alive in the first round ended it for both
      expect(fine.samples.map(({ round }) => round).includes(0), `seed ${seed}`).toBe(
        !again || fine.samples[0].order === 1,
      );
      expect(fine.checkedRuns).toBeGreaterThanOrEqual(3);
    }
    expect(begunAgain).toBe(SEEDS);
  });
});

it("a process that ends by itself between two calls, again and again, fails its cases in the end", async () => {
  const clock = new SimulatedClock(1);
  const dying = (host: Host) => mortal(host, (name) => name === "sample");
  const outcomes = await measureOnce(clock, [kernel(clock, "one"), kernel(clock, "two")], 1, dying);
  for (const outcome of outcomes.values())
    expect(outcome).toEqual({ status: "failed", reason: "its process ended 3 times between its runs" });
});
