import { inputReader } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import { specs } from "../problems/arbitrary.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { pairSum } from "./closed-form.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

export const retention = defineLaw({
  name: "retention",
  states: "with a constant decay a head, ssd is retention: weights gamma^(t-s)",
  source: "arXiv 2405.21060, section 4.3; Sun et al. (RetNet), arXiv 2307.08621, equation (5)",
  operators: [ssd],
  exact: [],
  cases: () =>
    specs(ssd, { ordinary: true, work: 10_000, without: ["D", "z", "initialState"] }).map((spec) => ({
      spec: { ...spec, decay: "constant" as const },
    })),
  async holds({ spec }, subject) {
    const problem = subject.problem(ssd, spec);
    const { values, bounds } = await subject.run(problem);
    const logA = inputReader(ssd, problem, "logA")!;
    const sum = pairSum(problem, (t, s, h) => Math.exp(logA.at(0, h)) ** (t - s));
    const closed = boundArrays(truthOf(ssd, problem), float64Rounding(spec.dims.length)).Y.certified;
    const found = difference({
      operator: ssd,
      problem,
      output: "Y",
      got: values.Y,
      wanted: (i) => sum[i],
      tolerance: (i) => bounds.Y.certified[i] + closed[i],
      what: "against sum of gamma^(t-s) (C_t . B_s) x_s",
    });
    return found ? violated(found) : HOLDS;
  },
});
