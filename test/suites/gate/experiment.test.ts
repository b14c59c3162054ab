/** Blocks on a simulated clock, where the truth is known: what cancels, what is fresh, what happens when an arm breaks. */
import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import { open as openCpu } from "../../../impls/engines/cpu.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import type { Problem } from "../../../impls/operator.js";
import type { Prepared } from "../../../impls/prepared.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { Experiment } from "../../../suites/gate/experiment.js";
import type { Lab } from "../../../suites/gate/lab.js";
import { prove } from "../../../suites/gate/proof.js";
import { WrongOutput } from "../../../suites/gate/station.js";
import { decide } from "../../../suites/gate/statistics/decision.js";
import { DEFAULT_RULE, meanRatio } from "../../../suites/gate/statistics/judge.js";
import type { Host } from "../../../suites/processes/host.js";
import { type InProcess, inProcessHost } from "../measure/in-process.js";
import { SimulatedClock, syntheticEngine, syntheticImplementation } from "../measure/synthetic.js";
import { labOf, tinyCase } from "./lab.js";

/** Milliseconds of one run, by arm; called for each run. */
type Costs = Readonly<Record<"base" | "head", () => number>>;

class World {
  readonly clock: SimulatedClock;
  /** Arms of all processes that were started, in order. */
  readonly started: string[] = [];
  lab: Lab;

  constructor(
    costs: Costs,
    changes: {
      readonly spoil?: (impl: AnyImplementation, arm: string) => AnyImplementation;
      readonly lab?: Partial<Lab>;
      readonly engine?: Partial<InProcess["engine"]>;
      readonly clock?: SimulatedClock;
    } = {},
  ) {
    const { clock = new SimulatedClock(7) } = changes;
    this.clock = clock;
    const parts = (arm: string): InProcess => {
      const impl = syntheticImplementation(clock, "x", costs[arm as keyof Costs]);
      return {
        engine: { ...syntheticEngine(clock), ...changes.engine },
        implementations: [changes.spoil?.(impl, arm) ?? impl],
        nowMs: clock.now,
      };
    };
    const hosts = new Map(["base", "head"].map((arm) => [arm, inProcessHost(parts(arm))]));
    const { started } = this;
    const host: Host = {
      ...hosts.get("base")!,
      nowMs: clock.now,
      /** A process is of the arm whose module it runs. */
      start(module) {
        started.push(module!);
        return hosts.get(module!)!.start();
      },
      // both arms' sessions find the reference of either host: one truth
      async reference(problem, lanes, deadlineMs) {
        await hosts.get("head")!.reference(problem, lanes, deadlineMs);
        return hosts.get("base")!.reference(problem, lanes, deadlineMs);
      },
    };
    this.lab = { ...labOf(host, { base: "base", head: "head" }), ...changes.lab };
  }

  async experiment(cases = 1): Promise<Experiment> {
    const all = Array.from({ length: cases }, (_, i) => ({ ...one, id: `case ${i}` }));
    const { cases: good, references } = await prove(this.lab, all, [], true);
    this.started.length = 0;
    return new Experiment(this.lab, good, references, DEFAULT_RULE);
  }
}

const one = tinyCase({ impl: 0, options: { make: "x" } });

describe("Experiment", () => {
  it("cancels a machine that slows down, and finds what is slower beneath", async () => {
    for (const [slowdown, wanted] of [
      [1, 1],
      [1.1, 1.1],
    ]) {
      const drift = (cost: number) => () => cost * Math.exp((world.clock.ms - 1e6) / 2000);
      const world: World = new World({ base: drift(0.3), head: drift(0.3 * slowdown) });
      const experiment = await world.experiment();
      const before = world.clock.ms;
      const ratio = await experiment.confirm(0);
      // the machine becomes a quarter slower within the block; a plain AABB order would leave 1% of it in the ratio
      expect((world.clock.ms - before) / 2000).toBeGreaterThan(0.25);
      expect(Math.abs(ratio! - Math.log(wanted))).toBeLessThan(0.002);
    }
  });

  it("starts two processes an arm for each screening block and each confirming block, and none twice", async () => {
    const world = new World({ base: () => 0.5, head: () => 0.5 });
    const experiment = await world.experiment(3);
    const ratios = await experiment.screen();
    expect(ratios.map((own) => own.length)).toEqual([4, 4, 4]);
    expect(world.started).toHaveLength(4 * 4);
    await experiment.confirm(1);
    expect(world.started.slice(16).sort()).toEqual(["base", "base", "head", "head"]);
    await experiment.canary(0);
    // nothing to tell apart: six blocks, all of the base
    expect(world.started.slice(20)).toEqual(new Array(6 * 4).fill("base"));
    expect(experiment.times[1].head).toHaveLength(2 * 5);
  });

  it("gives a process one median: a run that hangs for a while moves nothing", async () => {
    let runs = 0;
    const hiccup = () => (runs++ % 9 === 0 ? 50 : 0.5);
    const world = new World({ base: hiccup, head: hiccup });
    const experiment = await world.experiment();
    const [ratios] = await experiment.screen();
    expect(meanRatio(ratios)).toBeCloseTo(1, 6);
  });

  it("feeds the rule: 10% more is confirmed and identical code is not", async () => {
    for (const [cost, outcome] of [
      [0.55, "slower"],
      [0.5, "same"],
    ] as const) {
      const world: World = new World({
        base: () => 0.5 * (1 + 0.02 * world.clock.gauss()),
        head: () => cost * (1 + 0.02 * world.clock.gauss()),
      });
      const [decision] = await decide(await world.experiment(), DEFAULT_RULE);
      expect(decision.outcome).toBe(outcome);
    }
  });

  it("ends with the time it has", async () => {
    const world = new World({ base: () => 0.5, head: () => 0.5 });
    const experiment = await world.experiment();
    world.lab = Object.assign(world.lab, { endMs: world.clock.ms + 1 });
    const [ratios] = await experiment.screen();
    expect(ratios.length).toBeLessThan(4);
    expect(experiment.outOfTime).toBe(true);
    expect(await experiment.confirm(0)).toBeUndefined();
  });

  it("measures a spoiled block again, and gives the case up after a few", async () => {
    let spoiled = 2;
    const blockSpoiled = () => (spoiled-- > 0 ? "the GPU ran at 100 of 1980 MHz" : undefined);
    const world = new World({ base: () => 0.5, head: () => 0.5 }, { lab: { blockSpoiled } });
    const experiment = await world.experiment();
    expect(await experiment.confirm(0)).toBeCloseTo(0, 6);
    expect(world.started).toHaveLength(3 * 4);
    spoiled = Number.POSITIVE_INFINITY;
    expect(await experiment.confirm(0)).toBeUndefined();
    expect(experiment.failed.get(0)).toEqual({ reason: "the GPU ran at 100 of 1980 MHz" });
  });
});

describe("what is wrong or broken", () => {
  /** The implementation of one arm with another `run`. */
  const spoil =
    (who: string, change: (run: () => void, outputs: Record<string, Float32Array>, nth: number) => void) =>
    (impl: AnyImplementation, arm: string): AnyImplementation =>
      arm !== who
        ? impl
        : {
            ...impl,
            rounding: () => f32Rounding(0),
            async prepare(...args: Parameters<AnyImplementation["prepare"]>) {
              const prepared = await impl.prepare(...args);
              const outputs = (await prepared.read()) as Record<string, Float32Array>;
              let nth = 0;
              const run = () => prepared.run(undefined as never) as undefined;
              return { ...prepared, run: () => change(run, outputs, nth++) };
            },
          };
  const costs = { base: () => 0.5, head: () => 0.5 };

  it("is found before anything is timed, in the arm that did it", async () => {
    for (const arm of ["base", "head"]) {
      const off = spoil(arm, (run, outputs) => {
        run();
        outputs.Y[0] += 1;
      });
      const { cases, wrong } = await prove(new World(costs, { spoil: off }).lab, [one], [], true);
      expect(cases).toEqual([]);
      expect(wrong).toEqual([{ id: "case", arm, reason: expect.stringMatching(/^Y\[.*\(index 0\): got/) }]);
    }
  });

  it("is found after the timed runs: right once is not right", async () => {
    const late = spoil("head", (run, outputs, nth) => {
      run();
      // the first run of each process is the one that is verified
      if (nth > 0) outputs.Y[0] += 1;
    });
    const experiment = await new World(costs, { spoil: late }).experiment();
    await expect(experiment.screen()).rejects.toThrow(WrongOutput);
    expect(experiment.wrong).toMatchObject({ id: "case 0", arm: "head" });
  });

  it("is found between turns, where inputs change: an output that is kept from the first run", async () => {
    const { clock } = new World(costs);
    const real = (replays: boolean) => (impl: AnyImplementation) => ({
      ...impl,
      async prepare(_engine: unknown, problem: Problem): Promise<Prepared> {
        const prepared = await recurrentCpu.prepare(await openCpu(), problem as never, {});
        const outputs = (await prepared.read()) as Record<string, Float32Array>;
        let kept: [Float32Array, Float32Array][] | undefined;
        return {
          ...prepared,
          run() {
            clock.ms += 0.5;
            if (kept && replays) for (const [place, values] of kept) place.set(values);
            else prepared.run();
            kept ??= Object.values(outputs).map((values) => [values, values.slice()]);
          },
        } as Prepared;
      },
    });
    for (const [replays, found] of [
      ["head", { id: "case 0", arm: "head" }],
      ["none", undefined],
    ] as const) {
      const world = new World(costs, {
        clock,
        engine: { rewritesInputs: true },
        spoil: (impl, arm) => real(arm === replays)(impl) as unknown as AnyImplementation,
      });
      const experiment = await world.experiment();
      const ended = await experiment.confirm(0).catch((error: unknown) => error);
      if (found) expect(ended).toBeInstanceOf(WrongOutput);
      else expect(ended).toBeCloseTo(0, 6);
      expect(experiment.wrong).toEqual(found && expect.objectContaining(found));
    }
  });

  it("is a case that head cannot run although the base can", async () => {
    const broken = spoil("head", () => {
      throw new Error("a fresh bug");
    });
    const proof = await prove(new World(costs, { spoil: broken }).lab, [one], [], true);
    expect(proof.broken).toEqual([{ id: "case", reason: "head: a fresh bug" }]);
    const both = spoil("base", () => {
      throw new Error("an old bug");
    });
    const old = await prove(new World(costs, { spoil: both }).lab, [one], [], true);
    expect(old.broken).toEqual([]);
    expect(old.notCompared).toEqual([{ id: "case", reason: "base: an old bug" }]);
  });

  it("is tried again in new processes, then given up with the arm's name", async () => {
    let runs = 0;
    const flaky = spoil("head", (run) => {
      if (++runs > 200) throw new Error("sometimes");
      run();
    });
    const world = new World(costs, { spoil: flaky });
    const experiment = await world.experiment();
    const [ratios] = await experiment.screen();
    expect(ratios.length).toBeLessThan(4);
    expect(experiment.failed.get(0)).toEqual({ arm: "head", reason: "sometimes" });
  });
});
