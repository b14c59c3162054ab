import { operators } from "../../impls/index.js";
import { specs } from "../problems/arbitrary.js";
import { isOrdinary } from "../problems/spec.js";
import { compare, describeElement, truthOf } from "../verify/compare.js";
import { defineLaw } from "./law.js";

/**
 * Recurrent, quadratic, chunked, scan ...: each equals the float64 reference, hence one another. All inputs are held to the
 * certified bound, ordinary ones to the probable bound too.
 */
export const formsAgree = defineLaw({
  name: "forms-agree",
  states: "every form equals the float64 reference within its bound",
  source: "arXiv 2405.21060, sections 3 and 6: one map, several algorithms; bounds: the operators' READMEs",
  operators,
  exact: [],
  cases: (operator) => specs(operator).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    const { values, rounding } = await subject.evaluate(problem);
    const verdict = compare(truthOf(operator, problem), rounding, values);
    if (!verdict.ok) return { ok: false, violation: describeElement(verdict.worst, rounding), verdict };
    if (isOrdinary(spec) && verdict.probableRatio > 1) {
      const { probableWorst: worst } = verdict;
      const violation = [
        describeElement({ ...worst, certified: worst.probable }, rounding),
        "the probable bound, which ordinary inputs must meet",
      ].join(": ");
      return { ok: false, violation, verdict };
    }
    return { ok: true, verdict };
  },
});
