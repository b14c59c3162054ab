/** The sum as it stands in C: vectors of channels, tasks are runs of tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { directPlan } from "./native/plan.js";
import { causalConv1d } from "./operator.js";

export const directNative = implementation(causalConv1d, "native", {
  form: "direct",
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { dims, settings } = problem;
    const channels = dims.heads * dims.headDim;
    const all = { channels, rowX: channels, stateChannels: channels };
    return engine.prepared(engine.room(causalConv1d, problem), directPlan(dims, settings.silu, all, threads));
  },
});
