/** dt and the log decay of a head from a projected number that carries its errors. */

import { type StepSettings, stepOf, stepRoundings } from "../../recurrence/step.js";
import { COARSEST, type Numbers } from "./numbers.js";

/** A number with its errors, before any sum over tokens. */
export interface One {
  value: number;
  certified: number;
  squares: number;
  stored: number;
  storedSquares: number;
}

export function one(): One {
  return { value: 0, certified: 0, squares: 0, stored: 0, storedSquares: 0 };
}

/** to <- clamp(softplus(raw + bias)), raw the i-th of some numbers */
export function stepFrom(
  raw: Numbers,
  i: number,
  bias: number,
  limits: Omit<StepSettings, "softplus">,
  to: One,
): void {
  const v = raw.value[i] + bias;
  const step = stepOf(v, { ...limits, softplus: true });
  const limited = limits.dtMin > 0 || limits.dtMax > 0 ? 1 : 0;
  // a sigmoid, where errors may have moved it
  const slope = Math.min(1, 1 / (1 + Math.exp(-(v + COARSEST * raw.certified[i]))));
  const own = stepRoundings(v, true, true) + limited;
  to.value = step;
  to.certified = slope * raw.certified[i] + own * step;
  to.squares = slope ** 2 * raw.squares[i] + own * step ** 2;
  to.stored = slope * raw.stored[i] + step;
  to.storedSquares = slope ** 2 * raw.storedSquares[i] + step ** 2;
}

/** to <- dt A, A = -exp(ALog). @param rate exp(ALog) */
export function logDecayFrom(dt: One, ALog: number, rate: number, to: One): void {
  const l = dt.value * rate;
  const own = 5 + 4 * Math.abs(ALog);
  to.value = -l;
  to.certified = rate * dt.certified + own * l;
  to.squares = rate * rate * dt.squares + own * l * l;
  to.stored = rate * dt.stored + 2 * l;
  to.storedSquares = rate * rate * dt.storedSquares + 2 * l * l;
}

/**
 * An error of an exponent, in units of u, as what it does at most to an exponential of value a, relative to that: e^x - 1 is at most
 * x (1 + x) below 1, and no decay errs by more than 1.
 */
export function grown(error: number, a: number): number {
  const reach = COARSEST * error;
  if (reach < 1) return error * (1 + reach);
  return Math.min(Math.expm1(Math.min(reach, 700)), 1 / a) / COARSEST;
}
