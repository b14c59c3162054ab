/** The step in front of the map on the host: time steps, log decays and documents as every form takes them. */

import { beginsAnew } from "../../documents.js";
import type { Inputs, Problem } from "../../operator.js";
import { stepOf } from "../../recurrence/step.js";
import type { Ssd } from "../operator.js";

export interface TokenSteps {
  /** (batch, length, heads); -Infinity where a document begins. */
  readonly logA: Float32Array | Float64Array;
  /** (batch, length, heads), 1 where undefined. */
  readonly dt: Float32Array | Float64Array | undefined;
  /** Makes both from the inputs; called at the start of each run. */
  make(): void;
}

/**
 * dt <- clamp(softplus(dt + dtBias)), logA = dt A where A is one number a head. A document begins by a log decay of -Infinity: the state
 * from before, or the initial state, is multiplied by exactly 0. Without any of that the inputs themselves, and nothing to make.
 */
export function tokenSteps(problem: Problem<Ssd>, inputs: Inputs<Ssd>): TokenSteps {
  const { dims, settings } = problem;
  const { batch, length, heads } = dims;
  const { logA, dt, dtBias, documents } = inputs;
  const perHead = problem.inputs.logA?.axes.length === 1;
  const processed = dt && (dtBias || settings.softplus || settings.dtMin > 0 || settings.dtMax > 0);
  const steps = processed ? new Float64Array(dt.length) : dt;
  const decays = perHead || documents ? new Float64Array(batch * length * heads) : logA;
  const ids = documents && { rows: batch * length, cols: 1, at: (row: number) => documents[row] };
  const make = () => {
    for (let b = 0; b < batch; b++)
      for (let t = 0; t < length; t++) {
        const anew = ids && beginsAnew(ids, b, length, t);
        const row = (b * length + t) * heads;
        for (let h = 0, i = row; h < heads; h++, i++) {
          if (processed) steps![i] = stepOf(dt[i] + (dtBias ? dtBias[h] : 0), settings);
          if (decays === logA) continue;
          decays[i] = anew ? Number.NEGATIVE_INFINITY : perHead ? steps![i] * logA[h] : logA[i];
        }
      }
  };
  return { logA: decays, dt: steps, make: steps === dt && decays === logA ? () => {} : make };
}

/** Whether exp(logA) is exactly 0: then nothing from before is left. */
export function isReset(logA: number): boolean {
  return logA < LEAST_LOG && Math.exp(logA) === 0;
}

/** Exponentials of larger numbers are not 0 in float64. */
const LEAST_LOG = -700;

/** A state that is forgotten altogether: 0 times an infinite or a NaN one would not be 0. */
export function decayed(S: Float64Array, a: number): void {
  if (a === 0) S.fill(0);
}
