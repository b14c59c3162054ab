/** The sum as it stands in C: vectors of channels, tasks are runs of tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { causalConv1d } from "./operator.js";

/** Tokens a task takes: enough that laying out the weights costs little. */
const SPAN = 128;

export const directNative = implementation(causalConv1d, "native", {
  form: "direct",
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { heads, headDim, width, past } = problem.dims;
    return engine.prepared(engine.room(causalConv1d, problem), {
      kernel: new URL("./native/direct.c", import.meta.url),
      values: { silu: problem.settings.silu ? 1 : 0, span: SPAN },
      threads,
      // the weights of each tap and the tokens before the first one, as rows of channels
      scratchBytes: 4 * heads * headDim * (width + past),
    });
  },
});
