/** Tiled attention (FlashAttention-2) on WebGPU. */
import type { WebGpuEngine } from "../engines/webgpu.js";
import { implementation } from "../implementation.js";
import { UNSPECIFIED } from "../matrix-unit.js";
import { type Problem, randomProblem } from "../operator.js";
import type { Options } from "../prepared.js";
import { type Attention, attention, NARROWED, visiblePairs } from "./operator.js";
import { isNarrowed } from "./reference/visible.js";
import { fitMatrix, tileName } from "./webgpu/matrix.js";
import { attentionSize, spanTable } from "./webgpu/size.js";

const url = new URL("./webgpu/tiled.wgsl", import.meta.url);
const matrixUrl = new URL("./webgpu/tiled.matrix.wgsl", import.meta.url);

export const tiledWebgpu = implementation(attention, "webgpu", {
  form: "tiled",
  takes: NARROWED,
  source: "FlashAttention-2, arXiv 2307.08691, algorithm 1",
  dtypes: ["f32", "f16"],
  async options(problem, engine) {
    const { headDim, headDimV } = problem.dims;
    const fitting =
      problem.dtype === "f16" && !isNarrowed(problem) ? fitMatrix(headDim, headDimV, engine) : [];
    if (fitting.length === 0) return [{ make: "tile" }];
    const tile = await bestTile(engine, problem, fitting.map(tileName));
    return [{ make: "subgroup-matrix", tile }, { make: "tile" }];
  },
  unsupported: (problem, { make = "tile" }) => {
    const { dtype } = problem;
    if (make !== "tile" && make !== "subgroup-matrix")
      return `needs make tile or subgroup-matrix, got ${make}`;
    if (make === "tile") return undefined;
    if (dtype !== "f16") return `make subgroup-matrix needs dtype f16, got ${dtype}`;
    return isNarrowed(problem) ? "make subgroup-matrix knows no mask but the causal one" : undefined;
  },
  // hidden weights of a tile are 0 and are multiplied all the same
  nonFinite: { makes: { tile: { tokens: 64 }, "subgroup-matrix": { tokens: 128 } } },
  rounding: ({ dtype, dims }, { make }) => ({
    accumulate: 2 ** -23,
    ...(make === "subgroup-matrix" ? { products: { unit: UNSPECIFIED, terms: dims.headDim } } : {}),
    storage: dtype === "f16" ? 2 ** -11 : 0,
    // Y; on the matrix unit also the probabilities
    roundings: dtype === "f16" ? (make === "subgroup-matrix" ? 2 : 1) : 0,
    longestSum: dims.context,
    decay: "segsum",
  }),

  prepare,

  cost: (problem, { tile = "64" }) => {
    const { heads, headDim, headDimV } = problem.dims;
    const { flops, bytes } = attention.cost(problem);
    const storage = problem.dtype === "f16" ? 2 : 4;
    // each tile of queries reads its keys and values again
    const pairs = visiblePairs(problem);
    return {
      flops,
      bytes: bytes + (heads * pairs * (headDim + headDimV) * storage) / Number.parseInt(tile, 10),
      dispatches: 1,
    };
  },
});

/** Lengths that the search tells apart, by powers of two; shorter sequences cannot be timed, longer ones change nothing. */
const SEARCHED = { least: 512, most: 4096, heads: 16 };

/** By a measured search over one sequence of about the problem's size: what is best depends on how far workgroups fill the device. */
async function bestTile(
  engine: WebGpuEngine,
  { dims, settings }: Problem<Attention>,
  candidates: readonly string[],
): Promise<string> {
  if (dims.length < SEARCHED.least) return candidates[0];
  const length = Math.min(SEARCHED.most, 2 ** Math.floor(Math.log2(dims.length)));
  const heads = Math.min(SEARCHED.heads, dims.batch * dims.heads);
  const { headDim, headDimV } = dims;
  const part = { batch: 1, length, context: length, heads, groups: heads, headDim, headDimV };
  const problem = randomProblem(attention, { dims: part, dtype: "f16", settings });
  return engine.fastest({
    kernels: [matrixUrl],
    shape: `length=${length} heads=${heads} headDim=${headDim} headDimV=${headDimV} causal=${settings.causal}`,
    candidates,
    prepare: (tile) => prepare(engine, problem, { make: "subgroup-matrix", tile }),
  });
}

async function prepare(engine: WebGpuEngine, problem: Problem<Attention>, { make, tile: wanted }: Options) {
  const { heads, headDim, headDimV } = problem.dims;
  const tile = () =>
    fitAttention(
      headDim,
      headDimV,
      engine.limits.maxComputeWorkgroupStorageSize,
      problem.dtype === "f16" ? 2 : 4,
      engine.gpu.isSoftware ? 32 : 64,
    );
  const fitting = make === "subgroup-matrix" ? fitMatrix(headDim, headDimV, engine) : [];
  const matrix = fitting.find((tiles) => wanted === undefined || tileName(tiles) === wanted);
  if (make === "subgroup-matrix" && !matrix)
    throw new Error(
      `make subgroup-matrix needs f16 subgroup matrices and workgroup memory for headDim=${headDim} ` +
        `headDimV=${headDimV}${wanted === undefined ? "" : ` tile=${wanted}`}; ` +
        `this adapter has ${engine.limits.maxComputeWorkgroupStorageSize} bytes`,
    );
  const constants = matrix ?? tile();
  // eight values at a time where every row starts at a multiple of eight
  const flags = headDim % 8 === 0 && headDimV % 8 === 0 ? ["octets"] : [];
  const narrowed = isNarrowed(problem);
  const text = matrix ? { url: matrixUrl, matrix: true, flags } : { url, flags: narrowed ? ["spans"] : [] };
  const stage = engine.stage(attention, problem);
  for (const window of stage.windows) {
    const inputs = await stage.inputs(window, "Q", "K", "V");
    const tokens = Math.ceil(window.tokens / constants.TQ);
    await stage.kernel(
      { ...text, constants },
      {
        size: attentionSize(problem, window),
        ...{ ...inputs, Y: stage.output("Y", window), spans: spanTable(stage, window) },
      },
      matrix ? [heads, tokens, window.batches] : [tokens, heads, window.batches],
    );
  }
  return stage.prepared();
}

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
