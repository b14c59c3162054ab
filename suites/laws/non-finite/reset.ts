import * as fc from "fast-check";
import { outputNames } from "../../../impls/operator.js";
import { describeSpread, spreadOf } from "../../../impls/spread.js";
import { ssd } from "../../../impls/ssd/index.js";
import { ssdDecode } from "../../../impls/ssd_decode/index.js";
import { specs } from "../../problems/arbitrary.js";
import { given, mapValues, withInputs } from "../edit.js";
import { axisIndex, difference } from "../hold.js";
import { defineLaw, HOLDS, violated } from "../law.js";
import { coordinatesOf } from "./places.js";

/** As large as f32 has room for behind sums over tokens and states; an output in f16 overflows by it. */
const HUGE = 2 ** 60;

/** What is before a reset cannot be seen behind it: no rounding error of it either, so that the bounds are those of what follows. */
export const reset = defineLaw({
  name: "reset",
  states:
    "a decay of exactly 0 drops what is before it, however large; and NaN, where documents are taken, or as declared",
  source: "arXiv 2405.21060, section 8.3: a decay of 0 keeps sequences apart; equation (1)",
  operators: [ssd, ssdDecode],
  exact: [],
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ordinary: true, work: 20_000, without: ["documents"] }).map((spec) => ({
        ...spec,
        alternative: [],
      })),
      pick: fc.nat(9999),
      logA: fc.constantFrom(Number.NEGATIVE_INFINITY, -1e4),
      past: fc.constantFrom(HUGE, Number.NaN),
    }),
  describe: ({ logA, past }) => `logA = ${logA} at one token, what is before it times ${past}`,
  async holds({ spec, pick, logA, past }, subject) {
    const { operator, nonFinite, takes } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    const isNan = Number.isNaN(past);
    const spread = spreadOf(nonFinite, subject.options);
    // a border of documents is a reset; a recurrence that knows none may multiply, and 0 times NaN is NaN
    if (isNan && !takes?.includes("documents") && !spread.borders) return undefined;
    const first = drawn.dims.length === undefined ? 0 : pick % drawn.dims.length;
    const tokenOf = (name: string) => {
      const { axes, shape } = given(drawn, name);
      return (i: number) => coordinatesOf(axes, shape, i).length ?? 0;
    };
    const isAt = tokenOf("logA");
    const problem = withInputs(drawn, {
      logA: mapValues(given(drawn, "logA"), (value, i) => (isAt(i) === first ? logA : value)),
    });
    const isBefore = tokenOf("X");
    const { initialState } = problem.inputs;
    // f16 ends at 65504: its states are f32 all the same
    const factor = problem.dtype === "f16" && !isNan ? 1 : past;
    const changed = withInputs(problem, {
      X: mapValues(given(problem, "X"), (value, i) =>
        drawn.dims.length !== undefined && isBefore(i) < first ? factor * value : value,
      ),
      initialState: initialState && mapValues(given(problem, "initialState"), (value) => past * value),
    });
    const before = await subject.run(problem);
    const after = isNan ? await subject.poisoned(changed) : await subject.values(changed);
    for (const output of outputNames(operator, problem)) {
      const token = axisIndex(operator, problem, output, "length");
      const isState = output !== "Y" || drawn.dims.length === undefined;
      const found = difference({
        operator,
        problem,
        output,
        got: after[output],
        wanted: (i) => before.values[output][i],
        tolerance: (i) => 2 * before.bounds[output].certified[i],
        only: (i) => isState || token(i) >= first,
        what: `logA = ${logA} at token ${first}, what is before it times ${past}`,
      });
      // what goes on by declaration is seen here where a form has no documents
      if (found && isNan && spread.borders)
        return { ok: true, reached: { may: describeSpread(spread), did: true } };
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
