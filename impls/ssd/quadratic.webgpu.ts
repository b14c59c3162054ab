/** The quadratic (attention-like) form on WebGPU; the final state comes from the chunked form's first steps. */
import { implementation } from "../implementation.js";
import { cutSegments } from "../recurrence/tiles.js";
import { STEPS, ssd } from "./operator.js";
import { passSegments } from "./webgpu/segments.js";
import { ssdSize } from "./webgpu/size.js";
import { steppedInputs } from "./webgpu/steps.js";
import { segmentsFor, tilesOn } from "./webgpu/tiles.js";

const tokensUrl = new URL("./webgpu/shared/tokens.wgsl", import.meta.url);
const epilogueUrl = new URL("./webgpu/shared/epilogue.wgsl", import.meta.url);
const quadraticUrl = new URL("./webgpu/quadratic.wgsl", import.meta.url);
const CHUNK = 32;

export const quadraticWebgpu = implementation(ssd, "webgpu", {
  form: "quadratic",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (6) and section 5.1",
  dtypes: ["f32", "f16"],
  // pairs above the diagonal of a tile, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: 32, borders: true },
  rounding: ({ dtype, dims }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: dims.length,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, headDim } = problem.dims;
    const tiles = tilesOn(engine, problem, CHUNK);
    const stage = engine.stage(ssd, problem, { cutsTime: false, f32Outputs: ["finalState"] });
    const PS = engine.gpu.isSoftware || headDim <= 16 ? 16 : headDim > 32 ? 64 : 32;
    const slices = Math.ceil(headDim / PS);
    const flags = ["dt", "D", "z", "initialState"].filter((name) => stage.has(name));
    for (const window of stage.windows) {
      const { batches, tokens } = window;
      const inputs = await steppedInputs(
        stage,
        window,
        ...(["X", "logA", "B", "C", "dt", "D", "z", "initialState"] as const),
      );
      const whole = { segments: 1, segment_tokens: tokens };
      await stage.kernel(
        { url: quadraticUrl, shared: [tokensUrl, epilogueUrl], flags, constants: { PS } },
        {
          ...{ size: { ...ssdSize(problem, window), ...whole, slices }, ...inputs },
          Y: stage.output("Y", window),
        },
        [slices * heads, Math.ceil(tokens / 32), batches],
      );
      const wanted = segmentsFor(problem, tiles, tokens, batches);
      await passSegments(stage, window, tiles, cutSegments(tokens, wanted, CHUNK));
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const pairs = (batch * heads * length * (length + 1)) / 2;
    const slices = Math.ceil(headDim / 64);
    const storage = problem.dtype === "f16" ? 2 : 4;
    return {
      flops: 2 * pairs * (state * slices + headDim) + 2 * batch * length * heads * headDim * state,
      bytes: ssd.cost(problem).bytes + (pairs * (state + headDim) * storage) / 32,
      dispatches: 3,
    };
  },
});
