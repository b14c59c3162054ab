import { maskedAttention } from "../../impls/masked_attention/operator.js";
import { givenProblem, type Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import { specs } from "../problems/arbitrary.js";
import { buildProblem } from "../problems/build.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { given } from "./edit.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Each operator's implementations against the other operator's float64 reference. */
export const duality = defineLaw({
  name: "duality",
  states: "attention under a 1-semiseparable mask is ssd with X = V, B = K, C = Q",
  source: "arXiv 2405.21060, section 5.1, and theorem 5.2",
  operators: [ssd, maskedAttention],
  exact: [],
  cases: () =>
    specs(maskedAttention, { ordinary: true, work: 20_000, with: ["logA"], without: ["logGamma", "m"] }).map(
      (spec) => ({ spec }),
    ),
  own: ({ spec }, operator, dtype) => {
    const masked: Problem = buildProblem(maskedAttention, spec, dtype);
    return operator.name === ssd.name ? ssdProblem(masked) : masked;
  },
  async holds({ spec }, subject) {
    const masked: Problem = subject.problem(maskedAttention, spec);
    const dual = ssdProblem(masked);
    const mine = subject.target.impl.operator.name === ssd.name;
    const [own, other] = mine ? [dual, masked] : [masked, dual];
    const { values, bounds } = await subject.run(own);
    const twin = boundArrays(
      truthOf(mine ? maskedAttention : ssd, other),
      float64Rounding(spec.dims.length),
    ).Y;
    const found = difference({
      operator: subject.target.impl.operator,
      problem: own,
      output: "Y",
      got: values.Y,
      wanted: (i) => twin.value[i],
      tolerance: (i) => bounds.Y.certified[i] + twin.certified[i],
      what: `against the reference of ${mine ? "masked_attention" : "ssd"}`,
    });
    return found ? violated(found) : HOLDS;
  },
});

const duals = new WeakMap<Problem, Problem>();

function ssdProblem(masked: Problem): Problem {
  const { batch, length, heads, headDim, headDimV } = masked.dims;
  const data = (name: string) => given(masked, name).data;
  const dual =
    duals.get(masked) ??
    givenProblem(ssd, {
      dims: { batch, length, heads, groups: heads, headDim: headDimV, state: headDim },
      dtype: masked.dtype,
      seed: masked.seed,
      inputs: { X: data("V"), logA: data("logA"), B: data("K"), C: data("Q") },
    });
  duals.set(masked, dual);
  return dual;
}
