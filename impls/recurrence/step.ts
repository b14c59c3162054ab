/** The time step of a token: raw + bias, through softplus where the problem asks for it, within limits where it has some. */

/** log(1 + exp(v)) without losing small values; v itself above 20, as the official code has it. */
export function softplus(v: number): number {
  return v > 20 ? v : Math.log1p(Math.exp(v));
}

/**
 * Roundings in units of u that a step computed in the accumulation's type carries relative to itself (README.md, "The bound"):
 * the sum makes one; softplus hands on those of its argument and its exponential times its condition number.
 */
export function stepRoundings(v: number, hasBias: boolean, withSoftplus: boolean): number {
  if (!withSoftplus) return hasBias ? 1 : 0;
  const condition = v > 20 ? 1 : Math.abs(v) / (1 + Math.exp(-v)) / Math.log1p(Math.exp(v));
  // exp(v) underflows to 0 / 0 below -745, where the condition is |v|
  return 8 + 3 * (Number.isNaN(condition) ? Math.abs(v) : condition);
}

/**
 * Derivative of `stepOf` in its argument: 1 above 20 where the step is softplus, as that is the argument itself there, else a sigmoid;
 * 0 outside of the limits, which themselves count as inside.
 */
export function stepSlope(v: number, settings: StepSettings): number {
  const slope = settings.softplus && v <= 20 ? 1 / (1 + Math.exp(-v)) : 1;
  const step = settings.softplus ? softplus(v) : v;
  return step === stepOf(v, settings) ? slope : 0;
}

/** What a problem does with its steps; a `dtMax` of 0 stands for none. */
export interface StepSettings {
  readonly softplus: boolean;
  readonly dtMin: number;
  readonly dtMax: number;
}

/** The step made of `v` = raw + bias. */
export function stepOf(v: number, settings: StepSettings): number {
  const step = settings.softplus ? softplus(v) : v;
  return settings.dtMin > 0 || settings.dtMax > 0
    ? Math.min(Math.max(step, settings.dtMin), settings.dtMax || Number.POSITIVE_INFINITY)
    : step;
}
