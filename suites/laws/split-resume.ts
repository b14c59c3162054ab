import type { AnyOperator, Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { linearInputs } from "../problems/linear-input.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { Run } from "../verify/subject.js";
import { cuts, describeCut, part, placeIn, stateTensor } from "./cut.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference, float64Rounding } from "./hold.js";
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
  cases: (operator) => cuts(operator, { without: ["documents"] }),
  describe: describeCut,
  async holds({ spec, first }, subject) {
    const { operator } = subject.target.impl;
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const whole = await subject.run(problem);
    const left = await subject.run(part(problem, 0, first));
    const state = stateTensor(operator, problem, left.values.finalState);
    const right = await subject.run(withInputs(part(problem, first, length), { initialState: state }));
    const carried = propagated(operator, right.problem, left);

    const place = placeIn(operator, whole, first, [left, right]);
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
      what: `${describeCut({ spec, first })} and resumed`,
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
      what: `${describeCut({ spec, first })} and resumed`,
    });
    return finalState ? violated(finalState) : HOLDS;
  },
});

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
