/** Decays of a head on the host, one for all key channels or one for each. */
import type { Inputs, Problem } from "../../operator.js";
import { type GatedDelta, hasChannelDecays } from "../operator.js";

export interface Decays {
  /** Those of a token (flat index into batch length heads), one for each key channel. */
  read(token: number, to: Float64Array): void;
}

export function decaysOf(problem: Problem<GatedDelta>, { logA }: Inputs<GatedDelta>): Decays {
  const { state } = problem.dims;
  if (!hasChannelDecays(problem)) return { read: (token, to) => to.fill(Math.exp(logA[token])) };
  return {
    read(token, to) {
      for (let n = 0; n < state; n++) to[n] = Math.exp(logA[token * state + n]);
    },
  };
}
