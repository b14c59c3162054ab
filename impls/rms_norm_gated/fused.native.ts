/** Norm and gate in C: vectors of a group's channels, tasks are runs of tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { fusedPlan } from "./native/plan.js";
import { rmsNormGated } from "./operator.js";

export const fusedNative = implementation(rmsNormGated, "native", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare: (engine, problem, { threads = 1 }) =>
    engine.prepared(engine.room(rmsNormGated, problem), fusedPlan(problem.settings, threads)),
});
