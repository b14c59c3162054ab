import * as fc from "fast-check";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { ssd } from "../../impls/ssd/index.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { linearInputs } from "../problems/linear-input.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { Run } from "../verify/subject.js";
import { alongAxis, given, mapValues, range, take, withInputs } from "./edit.js";
import { axisIndex, difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/**
 * Prefill and continue: the state is all that a token needs of its past. No form promises the bits: plain JavaScript keeps the state
 * in float64, and kernels that take several tokens at once order the sums of a part's last tokens differently.
 */
export const splitResume = defineLaw({
  name: "split-resume",
  states: "a sequence cut in two, the second part started from the first's final state, equals one shot",
  source: "arXiv 2405.21060, equation (1) and section 6 (inter-chunk recurrence)",
  operators: [ssd, selectiveScan],
  exact: [],
  cases: (operator) =>
    fc
      .record({
        spec: specs(operator, { ordinary: true, work: 20_000, without: ["documents"] }),
        pick: fc.nat(9999),
      })
      .map(({ spec, pick }) => ({ spec, first: 1 + (pick % Math.max(1, spec.dims.length - 1)) })),
  describe: ({ first }) => `cut after ${first} tokens`,
  async holds({ spec, first }, subject) {
    const { operator } = subject.target.impl;
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const part = (from: number, to: number) =>
      alongAxis(problem, ["length"], (source, axis) => take(source, axis, range(from, to)), {
        length: to - from,
      });
    const whole = await subject.run(problem);
    const left = await subject.run(part(0, first));
    const state = stateTensor(operator, problem, Float64Array.from(left.values.finalState));
    const right = await subject.run(withInputs(part(first, length), { initialState: state }));
    const carried = propagated(operator, right.problem, left);

    const token = axisIndex(operator, problem, "Y", "length");
    const width = whole.values.Y.length / (problem.dims.batch * length);
    const place = (i: number) => {
      const t = token(i);
      const row = Math.floor(i / (width * length));
      return t < first
        ? { run: left, at: (row * first + t) * width + (i % width) }
        : { run: right, at: (row * (length - first) + t - first) * width + (i % width) };
    };
    const Y = difference({
      operator,
      problem,
      output: "Y",
      got: Float64Array.from(whole.values.Y, (_, i) => place(i).run.values.Y[place(i).at]),
      wanted: (i) => whole.values.Y[i],
      tolerance: (i) => {
        const { run, at } = place(i);
        // only tokens after the cut inherit an error of the state; `at` counts tokens of the run's own part
        const inherited = run === right ? carried.Y(at) : 0;
        return whole.bounds.Y.certified[i] + run.bounds.Y.certified[at] + inherited;
      },
      what: `cut after ${first} tokens and resumed`,
    });
    if (Y) return violated(Y);
    const finalState = difference({
      operator,
      problem,
      output: "finalState",
      got: right.values.finalState,
      wanted: (i) => whole.values.finalState[i],
      tolerance: (i) =>
        whole.bounds.finalState.certified[i] + right.bounds.finalState.certified[i] + carried.finalState(i),
      what: `cut after ${first} tokens and resumed`,
    });
    return finalState ? violated(finalState) : HOLDS;
  },
});

function stateTensor(operator: AnyOperator, { dims }: Problem, data: Float64Array): GivenTensor {
  const axes: readonly string[] = operator.outputs.finalState;
  return { kind: "given", axes, shape: axes.map((axis) => dims[axis]), data };
}

/** What an error of the first part's final state, as large as its bound, becomes in the second: the map of that error alone. */
function propagated(operator: AnyOperator, second: Problem, first: Run) {
  const [input] = linearInputs(operator, {});
  const state = stateTensor(operator, second, first.bounds.finalState.certified);
  const problem = withInputs(second, {
    [input]: mapValues(given(second, input), () => 0),
    C: mapValues(given(second, "C"), Math.abs),
    initialState: state,
  });
  const exact = boundArrays(truthOf(operator, { ...problem, dtype: "f64" }), float64Rounding(1));
  return {
    Y: (i: number) => Math.abs(exact.Y.value[i]),
    finalState: (i: number) => exact.finalState.value[i],
  };
}
