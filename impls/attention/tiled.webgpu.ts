/** Tiled attention (FlashAttention-2) on WebGPU. */
import { implementation } from "../implementation.js";
import { attention, attentionScale } from "./operator.js";
import { attentionSize } from "./webgpu.js";

const url = new URL("./tiled.webgpu.wgsl", import.meta.url);

export const tiledWebgpu = implementation(attention, "webgpu", {
  form: "tiled",
  source: "FlashAttention-2, arXiv 2307.08691, algorithm 1",
  dtypes: ["f32", "f16"],
  options: () => [{ make: "tile" }],
  rounding: ({ dtype, dims }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: dims.context,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, headDim, headDimV } = problem.dims;
    const constants = fitAttention(
      headDim,
      headDimV,
      engine.limits.maxComputeWorkgroupStorageSize,
      problem.dtype === "f16" ? 2 : 4,
      engine.gpu.isSoftware ? 32 : 64,
    );
    const stage = engine.stage(attention, problem);
    for (const window of stage.windows) {
      const [Q, K, V] = await Promise.all(["Q", "K", "V"].map((name) => stage.input(name, window)));
      const size = stage.uniform(attentionSize(problem, window, attentionScale(problem)));
      await stage.kernel({ url, constants }, { 0: size, 1: Q, 2: K, 3: V, 4: stage.output("Y", window) }, [
        Math.ceil(window.tokens / constants.TQ),
        heads,
        window.batches,
      ]);
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, context, heads, headDim, headDimV } = problem.dims;
    const { flops, bytes } = attention.cost(problem);
    const storage = problem.dtype === "f16" ? 2 : 4;
    // each tile of 64 queries reads its keys and values again
    const pairs = problem.settings.causal ? (length * (length + 1)) / 2 : length * context;
    return {
      flops,
      bytes: bytes + (batch * heads * pairs * (headDim + headDimV) * storage) / 64,
      dispatches: 1,
    };
  },
});

/** The largest tiles whose parts fit into workgroup memory. Values are taken in slices of VT columns, queries and keys of DT. */
export function fitAttention(
  headDim: number,
  headDimV: number,
  workgroupBytes: number,
  storage: number,
  mostQueries = 64,
) {
  const [TX, TY] = [16, 16];
  const up = (size: number, step: number) => Math.max(step, Math.ceil(size / step) * step);
  for (const [TQ, TK] of [
    [64, 64],
    [32, 32],
    [16, 16],
  ] as const) {
    if (TQ > mostQueries) continue; // drivers that compute on the CPU compile large tiles for minutes
    for (const part of [128, 64, 32, 16]) {
      const DT = Math.min(part, up(headDim, 16));
      const VT = Math.min(part, up(headDimV, 16), 64);
      const bytes = storage * ((TQ + TK) * (DT + 1) + TK * VT) + 4 * (TQ * (TK + 1) + TQ * TX);
      if (bytes <= workgroupBytes)
        return { TQ, TK, DT, VT, DPAD: up(headDim, DT), VPAD: up(headDimV, VT), TX, TY };
    }
  }
  throw new Error(
    `this adapter's ${workgroupBytes} bytes of workgroup memory are too few for a tile of 16 queries`,
  );
}
