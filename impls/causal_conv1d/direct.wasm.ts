/** The sum as it stands in WebAssembly: lanes are channels, tasks are runs of tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { causalConv1d } from "./operator.js";

/** In the order of class Args in direct.as.ts. */
const fields = [
  "X",
  "weight",
  "bias",
  "initialState",
  "documents",
  "Y",
  "finalState",
  "length",
  "channels",
  "width",
  "silu",
  "span",
] as const;

/** Tokens a task takes: enough that laying out the weights costs little. */
const SPAN = 128;

export const directWasm = implementation(causalConv1d, "wasm", {
  form: "direct",
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, headDim, width, past } = problem.dims;
    const channels = heads * headDim;
    const room = engine.room(causalConv1d, problem);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      length,
      channels,
      width,
      silu: problem.settings.silu ? 1 : 0,
      span: SPAN,
    });
    return engine.prepared(room, {
      kernel: new URL("./wasm/direct.as.ts", import.meta.url),
      entries: ["convolve"],
      threads,
      // weights, bias and the tokens before the first one, in rows of whole vectors
      scratchBytes: 16 * Math.ceil(channels / 4) * (width + 1 + past),
      run: (dispatch) => dispatch("convolve", args.address, batch * Math.ceil(length / SPAN)),
    });
  },
});
