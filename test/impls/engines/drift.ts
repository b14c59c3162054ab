/** Thousands of weak decays: what an exponential errs by, always the same way, adds up over the tokens that a state remembers. */
import { ssd } from "../../../impls/ssd/index.js";
import { buildProblem } from "../../../suites/problems/build.js";
import type { Spec } from "../../../suites/problems/spec.js";
import { truthOf } from "../../../suites/verify/compare.js";

export const LENGTH = 65_536;
const spec: Spec = {
  operator: "ssd",
  dims: { batch: 1, length: LENGTH, heads: 1, groups: 1, headDim: 1, state: 1 },
  seed: 31,
  values: "coherent",
  // at most 1e-4 a token: a state remembers some twenty thousand tokens
  decay: "near1",
  with: ["initialState"],
  alternative: [],
  settings: ssd.settings,
  dtype: 0,
};
export const problem = buildProblem(ssd, spec, "f32");
export const truth = truthOf(ssd, problem);
