import { ROUNDOFF } from "../../impls/bound.js";
import { CARRIED, mamba3 } from "../../impls/mamba3/operator.js";
import { outputShape, type Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { Run } from "../verify/subject.js";
import { cuts, describeCut, part } from "./cut.js";
import { given, mapValues, withInputs } from "./edit.js";
import { float64Rounding } from "./hold.js";
import { defineLaw } from "./law.js";
import { heldToParts } from "./resumed.js";

/** Angles, state, key and value are all that a token needs of its past. */
export const mamba3Resumes = defineLaw({
  name: "mamba3-resumes",
  states:
    "a sequence cut in two, the second part started from the four things that the first hands on, equals one shot",
  source:
    "arXiv 2603.15569: the recurrence; state-spaces/mamba, tests/ops/triton/test_mamba3_siso.py (Input_States)",
  operators: [mamba3],
  exact: [],
  cases: (operator) => cuts(operator),
  describe: describeCut,
  async holds({ spec, first }, subject) {
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(mamba3, spec);
    const whole = await subject.run(problem);
    const left = await subject.run(part(problem, 0, first));
    const right = await subject.run(withInputs(part(problem, first, length), handedOn(problem, left)));
    const inherited = propagated(left, right);
    const words = describeCut({ spec, first });
    return heldToParts(mamba3, { problem, whole, left, right, first, inherited, words });
  },
});

/** `initialState` is what `finalState` was, and so on. */
function handedOn(problem: Problem, { values }: Run): Record<string, GivenTensor> {
  return Object.fromEntries(
    CARRIED.map((name) => {
      const output = name.replace("initial", "final");
      const { axes } = mamba3.inputs[name];
      const shape = outputShape(mamba3, problem, output);
      return [name, { kind: "given", axes, shape, data: Float64Array.from(values[output]) }];
    }),
  );
}

/**
 * What errors of the four, as large as their bounds, become in the second part. Its own keys and queries turn by the same wrong angle,
 * which no output notices: to those an error of the angle is one of what was handed on, by so much of its size. The last state and key
 * show it.
 */
function propagated(
  { bounds }: Run,
  { problem: second, bounds: after }: Run,
): Record<string, (i: number) => number> {
  const { length, heads, headDim, state, pairs } = second.dims;
  const sizeOf = (output: string, i: number, of = bounds) => of[output].unit[i] / ROUNDOFF.f32;
  const [dt, v] = [given(second, "dt").data, given(second, "initialV").data];
  const turned = (head: number) =>
    Math.max(...bounds.finalAngles.certified.subarray(head * pairs, (head + 1) * pairs));
  const error = Float64Array.from(bounds.finalState.certified, (own, i) => {
    const [channel, n] = [Math.floor(i / state), i % state];
    const head = Math.floor(channel / headDim);
    const key = head * state + n;
    const step = dt[Math.floor(head / heads) * length * heads + (head % heads)];
    const ofKey = bounds.finalK.certified[key] + turned(head) * sizeOf("finalK", key);
    return own + turned(head) * sizeOf("finalState", i) + Math.abs(step * v[channel]) * ofKey;
  });
  const Q = pairLengths(second);
  const still = ["V", "biasK", "biasQ", "angles", "initialAngles", "initialK", "initialV"];
  const inputs = {
    ...Object.fromEntries(still.map((name) => [name, mapValues(given(second, name), () => 0)])),
    Q,
    K: mapValues(Q, () => 0),
    initialState: { ...given(second, "initialState"), data: error },
  };
  const alone: Problem = { ...withInputs(second, inputs, { groups: heads }), dtype: "f64" };
  const exact = boundArrays(truthOf(mamba3, alone), float64Rounding(1));
  return {
    Y: (i) => Math.abs(exact.Y.value[i]),
    finalState: (i) =>
      exact.finalState.value[i] + turned(Math.floor(i / (headDim * state))) * sizeOf("finalState", i, after),
    finalAngles: (i) => bounds.finalAngles.certified[i],
    finalK: (i) => turned(Math.floor(i / state)) * sizeOf("finalK", i, after),
    finalV: () => 0,
  };
}

/** Of every token's biased query, for each of its entries the length of its pair: no turn makes it larger. */
function pairLengths(problem: Problem): GivenTensor {
  const { batch, length, heads, groups, state } = problem.dims;
  const [Q, bias] = [given(problem, "Q").data, given(problem, "biasQ").data];
  const shape = [batch, length, heads, state];
  const size = (row: number, h: number, n: number) =>
    n < state
      ? Math.abs(Q[(row * groups + Math.floor((h * groups) / heads)) * state + n]) +
        Math.abs(bias[h * state + n])
      : 0;
  const data = Float64Array.from({ length: batch * length * heads * state }, (_, i) => {
    const [n, h, row] = [i % state, Math.floor(i / state) % heads, Math.floor(i / (state * heads))];
    return Math.hypot(size(row, h, n), size(row, h, n ^ 1));
  });
  return { kind: "given", axes: mamba3.inputs.Q.axes, shape, data };
}
