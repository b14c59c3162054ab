/** One query on WebGPU: a workgroup a head and span of the cache, then one a head that joins the spans. */
import { implementation } from "../implementation.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

const spanUrl = new URL("./webgpu/tiled.span.wgsl", import.meta.url);
const joinUrl = new URL("./webgpu/tiled.join.wgsl", import.meta.url);

/** Keys of a span, and threads of a workgroup. */
const SPAN = 512;
const THREADS = 128;
/** Workgroups that a grid may have along one axis. */
const MOST_GROUPS = 65_535;

export const tiledWebgpu = implementation(attentionDecode, "webgpu", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  dtypes: ["f32", "f16"],
  rounding: ({ dtype, dims: { context } }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN),
    decay: "segsum",
  }),
  unsupported({ dims, dtype }, _options, engine) {
    const { context, groups, headDim, headDimV } = dims;
    const bytes = context * groups * Math.max(headDim, headDimV) * (dtype === "f16" ? 2 : 4);
    return engine && bytes > engine.gpu.maxBindingBytes
      ? `needs the keys of a sequence in one binding of ${engine.gpu.maxBindingBytes} bytes, context=${context} needs ${bytes}`
      : undefined;
  },

  async prepare(engine, problem) {
    const { heads, headDim, headDimV, groups, context } = problem.dims;
    const first = firstKey(problem);
    const spans = Math.ceil((context - first) / SPAN);
    // as many neighbouring channels as threads, or the next power of two
    const WIDTH = Math.min(THREADS, 2 ** Math.ceil(Math.log2(headDimV)));
    const stage = engine.stage(attentionDecode, problem, { cutsTime: false });
    for (const window of stage.windows) {
      const { K, V, k, v, Q } = await stage.inputs(window, "Q", "K", "V", "k", "v");
      const rows = window.batches * heads;
      const size = {
        ...{ context, heads, groups, head_dim: headDim, head_dim_v: headDimV },
        ...{ first, spans, rows, scale: attentionScale(problem) },
      };
      const parts = stage.scratch("parts of spans", Math.max(4, 4 * rows * spans * (2 + headDimV)));
      if (spans > 0)
        await stage.kernel(
          { url: spanUrl, constants: { SPAN, THREADS, WIDTH, CHANNELS: headDim } },
          { size, Q, K, V, parts },
          [spans, Math.min(MOST_GROUPS, rows), 1],
        );
      await stage.kernel(
        { url: joinUrl, constants: { THREADS } },
        { size, Q, k, v, parts, Y: stage.output("Y", window) },
        [Math.min(MOST_GROUPS, rows), 1, 1],
      );
    }
    return stage.prepared();
  },

  // heads of a group read its keys and values again; the second reading mostly comes from a cache
  cost: (problem) => ({ ...attentionDecode.cost(problem), dispatches: 2 }),
});
