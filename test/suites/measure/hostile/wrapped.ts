/** A correct kernel with something done to it: the raw material of the hostile ones. */
import { type AnyImplementation, implementation } from "../../../../impls/implementation.js";
import type { Prepared } from "../../../../impls/prepared.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../../impls/ssd/recurrent.cpu.js";

export interface Victim {
  /** The correct run. */
  compute(): void;
  readonly Y: Float32Array;
  readonly finalState: Float32Array;
  /** Counts from 1 at the first run. */
  runs: number;
}

export function hostile(source: string, run: (victim: Victim) => void): AnyImplementation {
  return implementation(ssd, "cpu", {
    form: "recurrent",
    source,
    rounding: recurrentCpu.rounding,
    async prepare(engine, problem): Promise<Prepared<typeof ssd, void>> {
      const prepared = await recurrentCpu.prepare(engine, problem, {});
      const { Y, finalState } = await prepared.read();
      const victim: Victim = { compute: () => void prepared.run(), Y, finalState, runs: 0 };
      return {
        ...prepared,
        run: () => {
          victim.runs++;
          run(victim);
        },
      };
    },
  });
}
