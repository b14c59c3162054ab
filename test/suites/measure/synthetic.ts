/** An engine whose clock is a formula: every run costs what the test says, so that the harness itself can be measured. */
import { f32Rounding } from "../../../impls/bound.js";
import { hostPrepared } from "../../../impls/engines/cpu/host-memory.js";
import { open as openCpu } from "../../../impls/engines/cpu.js";
import type { Engine } from "../../../impls/engines/engine.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";

export class SimulatedClock {
  ms = 1_000_000;
  readonly now = () => this.ms;
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in (0, 1): mulberry32. */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  }

  /** Standard normal: Box and Muller. */
  gauss(): number {
    return Math.sqrt(-2 * Math.log(this.random())) * Math.cos(2 * Math.PI * this.random());
  }
}

/** Time passes only inside runs. */
export function syntheticEngine(clock: SimulatedClock): Engine<unknown> {
  return {
    name: "cpu",
    device: { name: "synthetic", kind: "cpu", details: {} },
    async once(run) {
      await run(undefined);
    },
    async time(run, repeats) {
      const start = clock.ms;
      for (let i = 0; i < repeats; i++) await run(undefined);
      return { hostNs: ((clock.ms - start) * 1e6) / repeats };
    },
    ceilings: async () => ({}),
    close() {},
  };
}

export const tiny: Problem = randomProblem(ssd, {
  dims: { batch: 1, length: 8, heads: 1, groups: 1, headDim: 2, state: 2 },
}) as Problem;

/** A right answer, computed once, that costs `costMs()` of simulated time a run. */
export function syntheticImplementation(
  clock: SimulatedClock,
  make: string,
  costMs: () => number,
): AnyImplementation {
  return {
    operator: ssd,
    form: "recurrent",
    engine: "cpu",
    source: "synthetic",
    options: () => [{ make }],
    rounding: () => f32Rounding(0),
    async prepare(_engine: unknown, problem: Problem) {
      const real = await recurrentCpu.prepare(await openCpu(), problem as never, {});
      real.run();
      const answer = await real.read();
      const outputs = { Y: answer.Y.slice(), finalState: answer.finalState.slice() };
      const truth = { Y: answer.Y.slice(), finalState: answer.finalState.slice() };
      return hostPrepared({
        operator: ssd,
        problem: problem as never,
        outputs,
        run: () => {
          outputs.Y.set(truth.Y);
          outputs.finalState.set(truth.finalState);
          clock.ms += costMs();
        },
      });
    },
  } as unknown as AnyImplementation;
}
