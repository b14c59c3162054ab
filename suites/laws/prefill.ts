import * as fc from "fast-check";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { specs } from "../problems/arbitrary.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { float64Rounding } from "./hold.js";
import { defineLaw } from "./law.js";
import { heldToOneShot } from "./one-shot.js";
import { firstTokens, STEPPED, stepOperator, stepProblem } from "./steps.js";

/** Of the reference, each with all of its lanes. */
const MOST_STEPS = 16;

/** The state is all that decoding gets of a prompt: one that lacks the tokens behind the last whole chunk shows here, at every cut. */
export const prefill = defineLaw({
  name: "prefill",
  states:
    "a prompt in one shot, then decode steps (of the reference) from the state that it left, equal one shot",
  source:
    "arXiv 2405.21060, section 2.1 and section 6: the chunked form trains and prefills, the recurrence decodes",
  operators: [ssd, selectiveScan],
  exact: [],
  cases: (operator) =>
    fc
      .record({ spec: specs(operator, STEPPED), pick: fc.nat(9999) })
      .map(({ spec, pick }) => ({ spec, first: 1 + (pick % Math.max(1, spec.dims.length - 1)) })),
  describe: ({ first }) => `a prompt of ${first} tokens`,
  async holds({ spec, first }, subject) {
    const { operator } = subject.target.impl;
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const step = stepOperator(operator);
    const { values, rounding } = await subject.evaluate(firstTokens(problem, first));
    const last = Math.min(length, first + MOST_STEPS);
    let state: ArrayLike<number> = values.finalState;
    const outputs: ArrayLike<number>[] = [];
    for (let t = first; t < last; t++) {
      const { Y, finalState } = boundArrays(
        truthOf(step, stepProblem(problem, t, state)),
        float64Rounding(0),
      );
      outputs.push(Y.value);
      state = finalState.value;
    }
    return heldToOneShot({
      ...{ forward: operator, problem: firstTokens(problem, last), first },
      ...{ outputs, state, rounding },
    });
  },
});
