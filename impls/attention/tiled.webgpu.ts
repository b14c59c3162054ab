/** Tiled attention (FlashAttention-2) on WebGPU. */
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
    // eight values at a time where every row starts at a multiple of eight
    const flags = headDim % 8 === 0 && headDimV % 8 === 0 ? ["octets"] : [];
    const text = matrix ? { url: matrixUrl, matrix: true, flags } : { url };
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

/**
 * Tiles for the matrix unit: four subgroups of 16 queries, the keys and values of TK tokens in workgroup memory. Undefined where the
 * adapter's shape does not divide them, or they do not fit.
 */
export function fitMatrix(
  headDim: number,
  headDimV: number,
  engine: {
    readonly subgroupSize: number | undefined;
    readonly matrixShapes: readonly { readonly M: number; readonly N: number; readonly K: number }[];
    readonly limits: Pick<
      GPUSupportedLimits,
      "maxComputeWorkgroupStorageSize" | "maxComputeInvocationsPerWorkgroup"
    >;
  },
) {
  const { subgroupSize: LANES, matrixShapes, limits } = engine;
  const shape = matrixShapes.find(({ M, N, K }) => [M, N, K].every((size) => ROWS % size === 0));
  if (!shape || LANES === undefined || LANES % ROWS !== 0) return undefined;
  const { M: MM, N: NN, K: KK } = shape;
  const threads = SUBGROUPS * LANES;
  if (threads > limits.maxComputeInvocationsPerWorkgroup) return undefined;
  const up = (size: number, step: number) => Math.ceil(size / step) * step;
  const DPAD = up(headDim, ROWS);
  // columns of Y go through the staging tile 64 at a time
  const VPAD = headDimV > 64 ? up(headDimV, 64) : up(headDimV, ROWS);
  const [RM, DS, VC, PC] = [ROWS / MM, DPAD / KK, Math.ceil(VPAD / 64), Math.min(VPAD, 64) / NN];
  for (const TK of [64, 32]) {
    const [D, V] = [DPAD / 8 + 1, VPAD / 8 + 1];
    const bytes = 16 * (TK * (D + V) + SUBGROUPS * ROWS * Math.max(17, D)) + 4 * (threads + 1);
    if (bytes > limits.maxComputeWorkgroupStorageSize) continue;
    const GC = TK / NN;
    return {
      ...{ TQ: SUBGROUPS * ROWS, TK, DPAD, VPAD, MM, NN, KK, LANES },
      // matrices of a subgroup: RM rows of DS of its queries, of GC logits, of VC times PC outputs; KS steps of KK along the keys
      ...{ RM, DS, RD: RM * DS, GC, RG: RM * GC, VC, PC, RP: RM * PC * VC, KS: TK / KK },
      // what a thread moves: eights of keys and of values, eights of its row's logits
      K_LOADS: Math.ceil((TK * DPAD) / 8 / threads),
      V_LOADS: Math.ceil((TK * VPAD) / 8 / threads),
      EIGHTS: TK / 8 / (LANES / ROWS),
    };
  }
  return undefined;
}

const SUBGROUPS = 4;
const ROWS = 16;
