/** Attention with all logits in memory, a few heads at a time: three plain kernels, the form that tiling improves on. */
import { implementation } from "../implementation.js";
import { attention, attentionScale } from "./operator.js";
import { attentionSize } from "./webgpu/size.js";

const scoresUrl = new URL("./webgpu/materialised.scores.wgsl", import.meta.url);
const softmaxUrl = new URL("./webgpu/materialised.softmax.wgsl", import.meta.url);
const outputUrl = new URL("./webgpu/materialised.output.wgsl", import.meta.url);

/** What the smallest binding of a large adapter holds (2 GiB - 4 bytes, measured on an H200). */
const MOST_BYTES = 2 ** 31 - 4;

export const materialisedWebgpu = implementation(attention, "webgpu", {
  form: "materialised",
  source: "Attention Is All You Need, arXiv 1706.03762, equation (1)",
  dtypes: ["f32", "f16"],
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
      const [Q, K, V] = await Promise.all(["Q", "K", "V"].map((name) => stage.input(name, window)));
      const Y = stage.output("Y", window);
      const perPair = tokens * context * 4;
      const pairs = batches * heads;
      const together = Math.max(
        1,
        Math.min(pairs, 65535, Math.floor(Math.min(engine.gpu.maxBindingBytes, 2 ** 30) / perPair)),
      );
      const logits = stage.scratch("logits", together * perPair);
      for (let pair0 = 0; pair0 < pairs; pair0 += together) {
        const count = Math.min(together, pairs - pair0);
        const size = stage.uniform([...attentionSize(problem, window, attentionScale(problem)), pair0]);
        const rows = count * tokens;
        const across = Math.min(rows, 32768);
        const tilesT = Math.ceil(tokens / 32);
        await stage.kernel({ url: scoresUrl }, { 0: size, 1: Q, 2: K, 3: logits }, [
          Math.ceil(context / 32),
          tilesT,
          count,
        ]);
        await stage.kernel({ url: softmaxUrl }, { 0: stage.uniform([rows, context]), 1: logits }, [
          across,
          Math.ceil(rows / across),
          1,
        ]);
        await stage.kernel({ url: outputUrl }, { 0: size, 1: logits, 2: V, 3: Y }, [
          Math.ceil(headDimV / 32),
          tilesT,
          count,
        ]);
      }
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, context, heads, headDim, headDimV } = problem.dims;
    const pairs = batch * heads * length * context;
    const { bytes } = attention.cost(problem);
    const together = Math.max(1, Math.floor(2 ** 30 / (4 * length * context)));
    // logits written; read three times and written twice by the softmax; read by the last product
    return {
      flops: 2 * pairs * (headDim + headDimV),
      bytes: bytes + 28 * pairs,
      dispatches: 3 * Math.ceil((batch * heads) / together),
    };
  },
});
