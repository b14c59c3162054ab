import { ssd } from "../../impls/ssd/index.js";
import { specs } from "../problems/arbitrary.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { cumulativeSum } from "./closed-form.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

export const linearAttention = defineLaw({
  name: "linear-attention",
  states: "without decay (logA = 0) ssd is linear attention, a cumulative sum",
  source: "arXiv 2405.21060, section 4.1; Katharopoulos et al., arXiv 2006.16236, equation (11)",
  operators: [ssd],
  exact: [],
  cases: () =>
    specs(ssd, { ordinary: true, work: 20_000, without: ["D", "z", "initialState"] }).map((spec) => ({
      spec: { ...spec, decay: "none" as const },
    })),
  async holds({ spec }, subject) {
    const problem = subject.problem(ssd, spec);
    const { values, bounds } = await subject.run(problem);
    const sum = cumulativeSum(problem);
    const closed = boundArrays(truthOf(ssd, problem), float64Rounding(spec.dims.length)).Y.certified;
    const found = difference({
      operator: ssd,
      problem,
      output: "Y",
      got: values.Y,
      wanted: (i) => sum[i],
      tolerance: (i) => bounds.Y.certified[i] + closed[i],
      what: "against the cumulative sum",
    });
    return found ? violated(found) : HOLDS;
  },
});
