/** Tokens that were taken step by step, held to the float64 reference of all of them at once. */
import type { Rounding } from "../../impls/bound.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { boundArrays, type Truth, truthOf } from "../verify/compare.js";
import { axisIndex, difference } from "./hold.js";
import { type Finding, HOLDS, violated } from "./law.js";

export interface Steps {
  readonly forward: AnyOperator;
  /** Of the forward map, of as many tokens as there are before the steps and in them. */
  readonly problem: Problem;
  /** Tokens before the first step. */
  readonly first: number;
  /** Y of each step, (batch heads ...). */
  readonly outputs: readonly ArrayLike<number>[];
  /** After the last step, where the past is a state. */
  readonly state: ArrayLike<number> | undefined;
  readonly rounding: Rounding;
  /** Of all tokens at once, where that is not simply the problem's. */
  readonly truth?: Truth;
}

/**
 * A chain of steps is the recurrent form whose state is rounded to f32 behind every token: its bound is that of the whole map, for
 * arithmetic that is no finer than that.
 */
export function heldToOneShot({ forward, problem, first, outputs, state, rounding, truth }: Steps): Finding {
  const chained = { ...rounding, accumulate: Math.max(rounding.accumulate, 2 ** -24) };
  const whole = boundArrays(truth ?? truthOf(forward, problem), chained);
  const { batch, length } = problem.dims;
  const token = axisIndex(forward, problem, "Y", "length");
  const width = whole.Y.value.length / (batch * length);
  const Y = Float64Array.from(whole.Y.value, (value, i) =>
    token(i) < first
      ? value
      : outputs[token(i) - first][Math.floor(i / (width * length)) * width + (i % width)],
  );
  for (const [output, got] of Object.entries({ Y, finalState: state })) {
    if (!got) continue;
    const { value, certified } = whole[output];
    const found = difference({
      ...{ operator: forward, problem, output, got },
      wanted: (i) => value[i],
      tolerance: (i) => certified[i],
      what: `${length - first} steps after ${first} tokens, against one shot`,
    });
    if (found) return violated(found);
  }
  return HOLDS;
}
