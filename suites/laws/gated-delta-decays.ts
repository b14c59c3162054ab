import { gatedDelta, hasChannelDecays, queryScale } from "../../impls/gated_delta/operator.js";
import type { Problem } from "../../impls/operator.js";
import { specs } from "../problems/arbitrary.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Steps of 0: nothing is added and nothing corrected. */
export const gatedDeltaDecays = defineLaw({
  name: "gated-delta-decays",
  states: "with beta = 0 the state only decays, whatever keys and values are",
  source: "arXiv 2412.06464, equation (10) with beta = 0",
  operators: [gatedDelta],
  exact: [],
  cases: () =>
    specs(gatedDelta, { ordinary: true, work: 20_000, with: ["initialState"] }).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const drawn = subject.problem(gatedDelta, spec);
    const problem = withInputs(drawn, { beta: mapValues(given(drawn, "beta"), () => 0) });
    const { values, bounds } = await subject.run(problem);
    const wanted = decayed(problem);
    for (const output of ["Y", "finalState"]) {
      const found = difference({
        operator: gatedDelta,
        problem,
        output,
        got: values[output],
        wanted: (i) => wanted[output][i],
        tolerance: (i) => bounds[output].certified[i],
        what: "against the decayed initial state",
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

/** exp of the sum of all log decays so far, times the initial state. */
function decayed(problem: Problem<typeof gatedDelta>): Record<string, Float64Array> {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const [Q, logA, initial] = ["Q", "logA", "initialState"].map((name) => given(problem, name).data);
  const factor = queryScale(problem);
  const perChannel = hasChannelDecays(problem);
  const Y = new Float64Array(batch * length * heads * headDim);
  const finalState = new Float64Array(initial.length);
  for (let head = 0; head < batch * heads; head++) {
    const [b, h] = [Math.floor(head / heads), head % heads];
    const sums = new Float64Array(state);
    for (let t = 0; t < length; t++) {
      const token = (b * length + t) * heads + h;
      for (let n = 0; n < state; n++) sums[n] += perChannel ? logA[token * state + n] : logA[token];
      const row = ((b * length + t) * groups + Math.floor((h * groups) / heads)) * state;
      for (let p = 0; p < headDim; p++)
        for (let n = 0; n < state; n++) {
          const s = Math.exp(sums[n]) * initial[(head * headDim + p) * state + n];
          Y[token * headDim + p] += factor * Q[row + n] * s;
          finalState[(head * headDim + p) * state + n] = s;
        }
    }
  }
  return { Y, finalState };
}
