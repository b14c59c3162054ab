/** One turn of one case: its timed samples and, between them, what its plan asks for. Nothing of that lies inside a sample. */
import type { Engine } from "../../impls/engines/engine.js";
import type { Prepared } from "../../impls/prepared.js";
import type { Verified } from "../check/check.js";
import type { Rejected, Step, Witness } from "../check/witness.js";
import { measure, type RawSample } from "./measure.js";

export interface Played {
  readonly samples: RawSample[];
  /** What was wrong with an output; the turn ended there. */
  readonly rejected?: Rejected | undefined;
}

export async function playTurn(
  engine: Engine<unknown>,
  prepared: Verified<Prepared>,
  witness: Witness,
  steps: readonly Step[],
  how: { readonly repeats: number; readonly cold?: boolean; now(): number },
): Promise<Played> {
  const samples: RawSample[] = [];
  for (const step of steps) {
    if (step === "switch") await witness.switch();
    else if (step === "poison") await witness.poison();
    else if (step === "read") {
      const rejected = await witness.read();
      if (rejected) return { samples, rejected };
    } else if (typeof step === "number") await witness.run(step);
    else {
      samples.push(...(await measure(engine, prepared, { ...how, count: step.samples })));
      witness.ran();
    }
  }
  return { samples };
}
