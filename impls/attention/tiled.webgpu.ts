/** Tiled attention (FlashAttention-2) on WebGPU. */
import type { WebGpuEngine } from "../engines/webgpu.js";
import { implementation } from "../implementation.js";
import { attention, attentionScale } from "./operator.js";
import { attentionSize } from "./webgpu.js";

const url = new URL("./tiled.webgpu.wgsl", import.meta.url);
const matrixUrl = new URL("./tiled.webgpu.matrix.wgsl", import.meta.url);

export const tiledWebgpu = implementation(attention, "webgpu", {
  form: "tiled",
  source: "FlashAttention-2, arXiv 2307.08691, algorithm 1",
  dtypes: ["f32", "f16"],
  options: ({ dtype, dims }, engine) => {
    const matrix = dtype === "f16" && fitMatrix(dims.headDim, dims.headDimV, engine) !== undefined;
    return [...(matrix ? [{ make: "subgroup-matrix" }] : []), { make: "tile" }];
  },
  unsupported: ({ dtype }, { make = "tile" }) => {
    if (make !== "tile" && make !== "subgroup-matrix")
      return `needs make tile or subgroup-matrix, got ${make}`;
    return make === "subgroup-matrix" && dtype !== "f16"
      ? `make subgroup-matrix needs dtype f16, got ${dtype}`
      : undefined;
  },
  rounding: ({ dtype, dims }, { make }) => ({
    accumulate: make === "subgroup-matrix" ? 2 ** -22 : 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    // Y; on the matrix unit also the probabilities
    roundings: dtype === "f16" ? (make === "subgroup-matrix" ? 2 : 1) : 0,
    longestSum: dims.context,
    decay: "segsum",
  }),

  async prepare(engine, problem, { make }) {
    const { heads, headDim, headDimV } = problem.dims;
    const tile = () =>
      fitAttention(
        headDim,
        headDimV,
        engine.limits.maxComputeWorkgroupStorageSize,
        problem.dtype === "f16" ? 2 : 4,
        engine.gpu.isSoftware ? 32 : 64,
      );
    const matrix = make === "subgroup-matrix" ? fitMatrix(headDim, headDimV, engine) : undefined;
    if (make === "subgroup-matrix" && !matrix)
      throw new Error(
        `make subgroup-matrix needs f16 subgroup matrices and workgroup memory for headDim=${headDim} headDimV=${headDimV}; this adapter has ${engine.limits.maxComputeWorkgroupStorageSize} bytes`,
      );
    const constants = matrix ?? tile();
    const text = matrix ? { url: matrixUrl, matrix: true } : { url };
    const stage = engine.stage(attention, problem);
    for (const window of stage.windows) {
      const [Q, K, V] = await Promise.all(["Q", "K", "V"].map((name) => stage.input(name, window)));
      const size = stage.uniform(attentionSize(problem, window, attentionScale(problem)));
      await stage.kernel(
        { ...text, constants },
        { 0: size, 1: Q, 2: K, 3: V, 4: stage.output("Y", window) },
        [Math.ceil(window.tokens / constants.TQ), heads, window.batches],
      );
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

/** Tiles for the matrix unit: 2 x 2 subgroups, whole rows of queries, keys and values in workgroup memory. */
function fitMatrix(headDim: number, headDimV: number, engine: WebGpuEngine) {
  const { subgroupSize: LANES, matrixShapes, limits } = engine;
  const shape = matrixShapes[0];
  if (!shape || LANES === undefined) return undefined;
  const { M: MM, N: NN, K: KK } = shape;
  const [WR, WC] = [2, 2];
  const up = (size: number, step: number) => Math.ceil(size / step) * step;
  const DPAD = up(headDim, KK);
  const VPAD = up(headDimV, WC * NN);
  for (const T of [64, 32]) {
    const threads = WR * WC * LANES;
    if (threads % T !== 0 || T % (WR * MM) !== 0 || T % (WC * NN) !== 0 || T % KK !== 0) continue;
    const halves = T * (DPAD + 8) + T * Math.max(DPAD + 8, T + 8) + T * (VPAD + 8);
    const bytes = 2 * halves + 4 * (T * (Math.max(T, VPAD) + 4) + threads + T + 1);
    if (bytes <= limits.maxComputeWorkgroupStorageSize && threads <= limits.maxComputeInvocationsPerWorkgroup)
      return { TQ: T, TK: T, DPAD, VPAD, WR, WC, MM, NN, KK, LANES };
  }
  return undefined;
}
