/** The scan of Mamba-1 on WebGPU: states in registers, chunked over time where channels alone cannot fill the device. */
import type { WebGpuEngine } from "../engines/webgpu.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { cutSegments, fitTokenTiles, type TokenTiles } from "../recurrence/tiles.js";
import { type SelectiveScan, selectiveScan } from "./operator.js";
import { addOutputs, passSegments } from "./webgpu/sweeps.js";

/** Most tokens that are staged together. */
const TOKENS = 16;

export const scanWebgpu = implementation(selectiveScan, "webgpu", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2: one fused kernel; segments of time as in its appendix D",
  dtypes: ["f32", "f16"],
  options: () => [{ make: "walk" }, { make: "walk-split" }],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: TOKENS, // time steps are summed over the tokens staged together
    decay: "segsum",
  }),

  async prepare(engine, problem, { make }) {
    const tiles = tilesOn(engine, problem);
    const stage = engine.stage(selectiveScan, problem, { quantum: TOKENS, f32Outputs: ["finalState"] });
    for (const window of stage.windows) {
      const { batches, tokens, isFirst, isLast } = window;
      const wanted = Math.max(fewestSegments(make), segmentsFor(problem, tiles, tokens, batches));
      const cut = cutSegments(tokens, wanted, TOKENS);
      const work = { stage, window, tiles, cut };
      if (make === "walk-split" || cut.segments > 1 || !(isFirst && isLast))
        await addOutputs(work, await passSegments(work), undefined);
      else
        await addOutputs(work, await stage.input("initialState", window), stage.output("finalState", window));
    }
    return stage.prepared();
  },

  cost: (problem, { make }) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const tiles = fitTokenTiles((heads * headDim) / problem.dims.groups, state, {
      workgroupBytes: 49152,
      invocations: 1024,
    });
    const segments = tiles ? segmentsFor(problem, tiles, length, batch) : 1;
    const split = Math.max(fewestSegments(make), segments) > 1;
    const { flops, bytes } = selectiveScan.cost(problem);
    const again = batch * length * heads * headDim * (4 + (problem.dtype === "f16" ? 2 : 4));
    return { flops: flops * (split ? 2 : 1), bytes: bytes + (split ? again : 0), dispatches: split ? 3 : 1 };
  },
});

/**
 * Segments of time. Splitting doubles the exponentials, which are what binds the scan, so it pays only where a single sweep would
 * leave three quarters of a large device idle (four warps for each scheduler of 132 multiprocessors are 67,584 threads).
 */
function segmentsFor(
  problem: Problem<SelectiveScan>,
  { PT, LT }: TokenTiles,
  tokens: number,
  batches: number,
): number {
  const { heads, headDim, groups } = problem.dims;
  const threads = batches * groups * Math.ceil((heads * headDim) / groups / PT) * PT * LT;
  const idle = 67584 / threads;
  return idle < 4 ? 1 : Math.max(1, Math.min(Math.ceil(idle), Math.floor(tokens / 128)));
}

/** `walk-split` takes both sweeps however short the sequence is. */
function fewestSegments(make: string | undefined): number {
  return make === "walk-split" ? 2 : 1;
}

/** @throws with what the adapter lacks */
function tilesOn({ limits }: WebGpuEngine, { dims }: Problem<SelectiveScan>): TokenTiles {
  const { heads, groups, headDim, state } = dims;
  const workgroupBytes = limits.maxComputeWorkgroupStorageSize;
  const invocations = limits.maxComputeInvocationsPerWorkgroup;
  const tiles = fitTokenTiles((heads * headDim) / groups, state, { workgroupBytes, invocations });
  if (!tiles)
    throw new Error(
      `state=${state} needs more than this adapter's ${workgroupBytes} bytes of workgroup memory`,
    );
  return tiles;
}
