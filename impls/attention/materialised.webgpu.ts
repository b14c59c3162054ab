/** Attention with all logits in memory, a few heads at a time: three plain kernels, the form that tiling improves on. */
import { implementation } from "../implementation.js";
import { attention, NARROWED } from "./operator.js";
import { attentionSize, spanTable } from "./webgpu/size.js";

const scoresUrl = new URL("./webgpu/materialised.scores.wgsl", import.meta.url);
const softmaxUrl = new URL("./webgpu/materialised.softmax.wgsl", import.meta.url);
const outputUrl = new URL("./webgpu/materialised.output.wgsl", import.meta.url);

/** What the smallest binding of a large adapter holds (2 GiB - 4 bytes, measured on an H200). */
const MOST_BYTES = 2 ** 31 - 4;
/** For the logits of the pairs that are worked on together. */
const LOGITS_BYTES = 2 ** 30;

export const materialisedWebgpu = implementation(attention, "webgpu", {
  form: "materialised",
  takes: NARROWED,
  source: "Attention Is All You Need, arXiv 1706.03762, equation (1)",
  dtypes: ["f32", "f16"],
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dtype, dims }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: dims.context,
    decay: "segsum",
  }),
  unsupported: ({ dims: { length, context } }) =>
    4 * length * context > MOST_BYTES
      ? `needs the logits of one head in one binding of ${MOST_BYTES} bytes, ` +
        `length=${length} context=${context} needs ${4 * length * context}`
      : undefined,

  async prepare(engine, problem) {
    const { heads, context, headDimV } = problem.dims;
    const stage = engine.stage(attention, problem, { cutsTime: false });
    for (const window of stage.windows) {
      const { batches, tokens } = window;
      const { Q, K, V } = await stage.inputs(window, "Q", "K", "V");
      const Y = stage.output("Y", window);
      const spans = spanTable(stage, window);
      const pairs = batches * heads;
      const bytesAPair = tokens * context * 4;
      const together = pairsTogether(pairs, bytesAPair, engine.gpu.maxBindingBytes);
      const logits = stage.scratch("logits", together * bytesAPair);
      for (let pair0 = 0; pair0 < pairs; pair0 += together) {
        const count = Math.min(together, pairs - pair0);
        const size = { ...attentionSize(problem, window), pair0 };
        const rows = count * tokens;
        const across = Math.min(rows, 32768);
        const tiles = (columns: number) => [Math.ceil(columns / 32), Math.ceil(tokens / 32), count] as const;
        await stage.kernel(
          { url: scoresUrl, flags: spans ? ["spans"] : [] },
          { size, Q, K, logits, spans },
          tiles(context),
        );
        await stage.kernel({ url: softmaxUrl }, { size: { rows, context }, logits }, [
          across,
          Math.ceil(rows / across),
          1,
        ]);
        await stage.kernel({ url: outputUrl }, { size, P: logits, V, Y }, tiles(headDimV));
      }
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, context, heads, headDim, headDimV } = problem.dims;
    const pairs = batch * heads;
    const logits = pairs * length * context;
    const { bytes } = attention.cost(problem);
    // logits written; read three times and written twice by the softmax; read by the last product
    return {
      flops: 2 * logits * (headDim + headDimV),
      bytes: bytes + 28 * logits,
      dispatches: 3 * Math.ceil(pairs / pairsTogether(pairs, 4 * length * context)),
    };
  },
});

/** Pairs of batch and head whose logits are in memory at a time; without an adapter, on a large one. */
function pairsTogether(pairs: number, bytesAPair: number, bindingBytes = MOST_BYTES): number {
  const held = Math.floor(Math.min(bindingBytes, LOGITS_BYTES) / bytesAPair);
  return Math.max(1, Math.min(pairs, 65535, held));
}
