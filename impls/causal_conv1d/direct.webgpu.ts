/** The sum as it stands on WebGPU: a thread a channel and run of tokens, whose last inputs stay in registers. */
import type { Stage } from "../engines/webgpu/problem/stage.js";
import type { Window } from "../engines/webgpu/problem/windows.js";
import { implementation } from "../implementation.js";
import { type CausalConv1d, causalConv1d } from "./operator.js";

const url = new URL("./webgpu/direct.wgsl", import.meta.url);
const finishUrl = new URL("./webgpu/direct.state.wgsl", import.meta.url);
const sharedUrl = new URL("./webgpu/shared/inputs.wgsl", import.meta.url);

/** Tokens of a run. */
const SPAN = 16;
/** Workgroups that a grid may have along one axis. */
const MOST_GROUPS = 65_535;

export const directWebgpu = implementation(causalConv1d, "webgpu", {
  form: "direct",
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  dtypes: ["f32", "f16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 0,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, headDim, width, past } = problem.dims;
    const channels = heads * headDim;
    // a window begins `width` tokens behind another one: what comes before it lies in X
    const stage = engine.stage(causalConv1d, problem, { quantum: width });
    for (const window of stage.windows) {
      const { batches, tokens, isLast } = window;
      const { weight, bias, ...inputs } = await stage.inputs(window, "X", "weight", "bias", "documents");
      const earlier = await earlierTokens(stage, window);
      const present = { ...inputs, ...earlier };
      const flags = Object.entries({ ...present, bias }).flatMap(([name, buffer]) => (buffer ? [name] : []));
      const size = { tokens, channels };
      const source = { url, shared: [sharedUrl], constants: { WIDTH: width, PAST: past, SPAN } };
      const runs = Math.min(MOST_GROUPS, Math.ceil(tokens / SPAN));
      await stage.kernel(
        { ...source, flags: problem.settings.silu ? [...flags, "silu"] : flags },
        { size, ...present, weight, bias, Y: stage.output("Y", window) },
        [Math.ceil(channels / 64), runs, batches],
      );
      if (!isLast) continue;
      await stage.kernel(
        { ...source, url: finishUrl, flags },
        { size, ...present, finalState: stage.output("finalState", window) },
        [Math.ceil(channels / 64), 1, batches],
      );
    }
    return stage.prepared();
  },

  // a run reads the tokens before it again
  cost: (problem) => {
    const { flops, bytes } = causalConv1d.cost(problem);
    const { batch, length, heads, headDim, past } = problem.dims;
    const again = Math.floor((length - 1) / SPAN) * past * batch * heads * headDim;
    return { flops, bytes: bytes + again * (problem.dtype === "f16" ? 2 : 4), dispatches: 2 };
  },
});

/** What lies before a window's first token: the initial state, or rows of X with their documents. */
async function earlierTokens(
  stage: Stage<CausalConv1d>,
  window: Window,
): Promise<Readonly<Record<string, GPUBuffer | undefined>>> {
  if (window.isFirst) return { initialState: await stage.input("initialState", window) };
  const { length, heads, headDim, past } = stage.problem.dims;
  const channels = heads * headDim;
  const row = window.batch0 * length + window.token0 - past;
  return {
    rowsBefore: await stage.part("X", row * channels, past * channels),
    ...(stage.has("documents") && { idsBefore: await stage.part("documents", row, past) }),
  };
}
