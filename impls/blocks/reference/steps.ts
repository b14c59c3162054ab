/** dt and the log decay of a head from a projected number that carries its errors. */

import { type StepSettings, stepOf, stepRoundings } from "../../recurrence/step.js";
import { COARSEST, type Numbers } from "./numbers.js";

/** A number with its errors, before any sum over tokens. */
export interface One {
  readonly value: number;
  readonly certified: number;
  readonly squares: number;
  readonly stored: number;
}

/** dt <- clamp(softplus(raw + bias)) */
export function stepFrom(raw: One, bias: number, limits: Omit<StepSettings, "softplus">): One {
  const v = raw.value + bias;
  const settings = { ...limits, softplus: true };
  const step = stepOf(v, settings);
  const limited = limits.dtMin > 0 || limits.dtMax > 0 ? 1 : 0;
  // a sigmoid, where errors may have moved it
  const slope = Math.min(1, 1 / (1 + Math.exp(-(v + COARSEST * raw.certified))));
  const own = stepRoundings(v, true, true) + limited;
  return {
    value: step,
    certified: slope * raw.certified + own * step,
    squares: slope ** 2 * raw.squares + own * step ** 2,
    stored: slope * raw.stored + step,
  };
}

/** An error of an exponent, in units of u, as what it does to the exponential at most. */
export function grown(error: number): number {
  const most = COARSEST * error;
  return most > 0 ? Math.expm1(Math.min(most, 700)) / COARSEST : 0;
}

/** l = dt A, A = -exp(ALog) */
export function logDecayFrom(dt: One, ALog: number): One {
  const rate = Math.exp(ALog);
  const l = dt.value * rate;
  const own = 5 + 4 * Math.abs(ALog);
  return {
    value: -l,
    certified: rate * dt.certified + own * l,
    squares: rate ** 2 * dt.squares + own * l ** 2,
    stored: rate * dt.stored + 2 * l,
  };
}

export function oneOf(of: Numbers, i: number): One {
  return { value: of.value[i], certified: of.certified[i], squares: of.squares[i], stored: of.stored[i] };
}
