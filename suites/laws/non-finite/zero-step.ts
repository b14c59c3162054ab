import * as fc from "fast-check";
import type { AnyOperator, Problem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/index.js";
import { selectiveScanDecode } from "../../../impls/selective_scan_decode/index.js";
import { ssd } from "../../../impls/ssd/index.js";
import { ssdDecode } from "../../../impls/ssd_decode/index.js";
import { type ProblemOptions, specs } from "../../problems/arbitrary.js";
import type { Spec } from "../../problems/spec.js";
import type { Subject } from "../../verify/subject.js";
import { alongAxis, given, mapValues, range, take, withInputs } from "../edit.js";
import { axisIndex, difference, promisesExactly } from "../hold.js";
import { defineLaw, type Finding, HOLDS, violated } from "../law.js";
import { coordinatesOf } from "./places.js";

/** Steps as they are given: 0 stays 0. Decays follow from them. */
const GIVEN: ProblemOptions = {
  ordinary: true,
  work: 20_000,
  settings: { softplus: false, dtMin: 0, dtMax: 0 },
  without: ["documents", "dtBias", "deltaBias"],
};

export const zeroStep = defineLaw({
  name: "zero-step",
  states:
    "a token whose step dt is 0 leaves the state as it is: without such tokens all others give the same",
  source: "arXiv 2405.21060, section 4.1 (discretisation): exp(0 A) = 1 and 0 X B' = 0",
  operators: [ssd, selectiveScan, ssdDecode, selectiveScanDecode],
  // of a step of decoding; a sequence without its idle tokens is cut elsewhere
  exact: ["recurrent"],
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ...GIVEN, ...("dt" in operator.inputs ? { with: ["dt"] } : {}) }).map(
        (spec): Spec => ({ ...spec, alternative: "dt" in operator.inputs ? ["logA"] : spec.alternative }),
      ),
      every: fc.constantFrom(2, 3, 5, 16),
    }),
  describe: ({ every }) => `steps of 0 at every token that ${every} divides, but the first`,
  async holds({ spec, every }, subject) {
    const { operator } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    const isIdle = (t: number) => t % every === every - 1;
    const name = "dt" in operator.inputs ? "dt" : "delta";
    const { axes, shape } = given(drawn, name);
    const problem = withInputs(drawn, {
      [name]: mapValues(given(drawn, name), (value, i) =>
        isIdle(coordinatesOf(axes, shape, i).length ?? every - 1) ? 0 : value,
      ),
    });
    if (drawn.dims.length === undefined) return keptState(operator, problem, subject);
    const kept = range(0, drawn.dims.length).filter((t) => !isIdle(t));
    if (kept.length === drawn.dims.length) return undefined;
    const fewer = alongAxis(problem, ["length"], (source, axis) => take(source, axis, kept), {
      length: kept.length,
    });
    const all = await subject.run(problem);
    const without = await subject.run(fewer);
    const token = axisIndex(operator, fewer, "Y", "length");
    const width = all.values.Y.length / (drawn.dims.batch * drawn.dims.length);
    const placeOfY = (i: number) => {
      const row = Math.floor(i / (width * kept.length));
      return (row * drawn.dims.length + kept[token(i)]) * width + (i % width);
    };
    for (const [output, place] of [["Y", placeOfY] as const, ["finalState", (i: number) => i] as const]) {
      const found = difference({
        operator,
        problem: fewer,
        output,
        got: without.values[output],
        wanted: (i) => all.values[output][place(i)],
        tolerance: (i) => all.bounds[output].certified[place(i)] + without.bounds[output].certified[i],
        what: `without its ${drawn.dims.length - kept.length} tokens of step 0`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

/** One step of 0: the state afterwards is the state before. */
async function keptState(operator: AnyOperator, problem: Problem, subject: Subject): Promise<Finding> {
  const { values, bounds } = await subject.run(problem);
  const { data } = given(problem, "initialState");
  const found = difference({
    operator,
    problem,
    output: "finalState",
    got: values.finalState,
    wanted: (i) => Math.fround(data[i]),
    tolerance: promisesExactly(zeroStep, subject) ? undefined : (i) => bounds.finalState.certified[i],
    what: "a step of 0",
  });
  return found ? violated(found) : HOLDS;
}
