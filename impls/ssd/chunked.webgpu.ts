/** The chunked form (SSD, section 6) on WebGPU. Bytes: engines/webgpu/README.md; what binds: its NOTES.md. */
import type { WebGpuEngine } from "../engines/webgpu.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import { type Ssd, ssd } from "./operator.js";
import { matrixCost, prepareMatrix } from "./webgpu/matrix.js";
import { fitTiles, MATRIX_BLOCK, MATRIX_CHUNKS, matrixChunks, segmentsFor } from "./webgpu/tiles.js";
import { walkCost } from "./webgpu/walk.js";

const statesUrl = new URL("./webgpu/chunked.states.wgsl", import.meta.url);
const passUrl = new URL("./webgpu/chunked.pass.wgsl", import.meta.url);
const outputUrl = new URL("./webgpu/chunked.output.wgsl", import.meta.url);

/**
 * tile: products by multiply-adds on tiles in workgroup memory; tile-split forces its two-level form (segment states first), which
 * is else chosen when workgroups are too few to fill a large device. subgroup-matrix: on the matrix unit (f16 only).
 */
const MAKES = ["tile", "tile-split", "subgroup-matrix"];

export const chunkedWebgpu = implementation(ssd, "webgpu", {
  form: "chunked",
  source:
    "arXiv 2405.21060 section 6, listing 1; one pass over memory, or segment states first when workgroups are few",
  dtypes: ["f32", "f16"],
  options: ({ dtype, dims }, engine) => {
    const tile = [
      { chunk: 32, make: "tile" },
      { chunk: 16, make: "tile" },
      { chunk: 32, make: "tile-split" },
    ];
    if (dtype !== "f16" || engine.matrixShapes.length === 0) return tile;
    return [...matrixChunks(dims.state).map((chunk) => ({ chunk, make: "subgroup-matrix" })), ...tile];
  },
  rounding: ({ dtype }, { chunk = 32, make = "tile" }) => {
    const onMatrix = make === "subgroup-matrix";
    return {
      // WGSL rounds either way; the order and precision inside the matrix unit are not specified
      accumulate: onMatrix ? 2 ** -22 : 2 ** -23,
      storage: dtype === "f16" ? 2 ** -11 : 0,
      // Y; on the matrix unit also the weighted X, the state and the weighted C (or the masked scores)
      roundings: dtype === "f16" ? (onMatrix ? 4 : 1) : 0,
      longestSum: chunk,
      decay: "segsum",
    };
  },
  unsupported: ({ dtype }, { chunk = 32, make = "tile" }) => {
    if (!MAKES.includes(make)) return `needs make ${MAKES.join(", ")}, got ${make}`;
    if (make === "subgroup-matrix") {
      if (dtype !== "f16") return `make ${make} needs dtype f16, got ${dtype}`;
      return MATRIX_CHUNKS.includes(chunk)
        ? undefined
        : `make ${make} needs chunk ${MATRIX_CHUNKS.join(", ")}, got ${chunk}`;
    }
    return [16, 32].includes(chunk) ? undefined : `needs chunk 16 or 32, got ${chunk}`;
  },

  async prepare(engine, problem, { chunk = 32, make = "tile" }) {
    if (make === "subgroup-matrix") return prepareMatrix(engine, problem, chunk);
    const { heads, groups, headDim, state } = problem.dims;
    const tiles = tilesOn(engine, problem, chunk);
    const constants = { ...tiles };
    const stage = engine.stage(ssd, problem, { quantum: chunk, f32Outputs: ["finalState"] });
    const slices = Math.ceil(headDim / tiles.PS);
    const perHeadD = problem.inputs.D?.axes.length === 1 ? 1 : 0;
    const fewest = make.endsWith("-split") ? 2 : 1;

    for (const window of stage.windows) {
      const { batches, tokens, isFirst, isLast } = window;
      const chunks = Math.ceil(tokens / chunk);
      const wanted = Math.max(fewest, Math.min(segmentsFor(problem, tiles, tokens, batches), 65535));
      const segmentTokens = Math.ceil(chunks / wanted) * chunk;
      const segments = Math.ceil(tokens / segmentTokens);
      const split = fewest > 1 || segments > 1 || !(isFirst && isLast);
      const size = stage.uniform([
        batches,
        tokens,
        heads,
        groups,
        headDim,
        state,
        segments,
        segmentTokens,
        slices,
        perHeadD,
      ]);
      const names = ["X", "logA", "B", "C", "dt", "D", "z", "initialState"];
      const [X, logA, B, C, dt, D, z, initialState] = await Promise.all(
        names.map((name) => stage.input(name, window)),
      );
      const finalState = stage.output("finalState", window);
      const grid: [number, number, number] = [slices * heads, segments, batches];
      const shared = { 0: size, 1: X, 2: logA, 3: B, 8: dt };
      let startStates = initialState;

      if (split) {
        const places = batches * segments * heads;
        startStates = stage.scratch("segment states", places * headDim * state * 4);
        const decays = stage.scratch("segment decays", places * 4);
        await stage.kernel(
          { url: statesUrl, flags: dt ? ["dt"] : [], constants },
          { ...shared, 7: startStates, 11: decays },
          grid,
        );
        await stage.kernel(
          { url: passUrl, flags: isFirst ? (initialState ? ["initialState"] : []) : ["carries"] },
          { 0: size, 1: startStates, 2: decays, 3: finalState, 4: isFirst ? initialState : undefined },
          [Math.ceil((headDim * state) / 64), heads, batches],
        );
      }
      const flags = ["dt", "D", "z"].filter((name) => stage.has(name));
      if (startStates) flags.push("startStates");
      if (!split) flags.push("endStates");
      await stage.kernel(
        { url: outputUrl, flags, constants },
        {
          ...shared,
          4: C,
          5: stage.output("Y", window),
          6: startStates,
          7: split ? undefined : finalState,
          9: D,
          10: z,
        },
        grid,
      );
    }
    return stage.prepared();
  },

  cost: (problem, options) =>
    options.make === "subgroup-matrix"
      ? ((options.chunk === MATRIX_BLOCK ? walkCost(problem) : undefined) ??
        matrixCost(problem, options.chunk ?? MATRIX_BLOCK))
      : tileCost(problem, options),
});

function tilesOn({ limits, gpu }: WebGpuEngine, problem: Problem<Ssd>, chunk: number) {
  const { headDim, state } = problem.dims;
  const space = {
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    invocations: limits.maxComputeInvocationsPerWorkgroup,
    storageBytes: problem.dtype === "f16" ? 2 : 4,
    mostChannels: gpu.isSoftware ? 16 : undefined,
  };
  const tiles = fitTiles(headDim, state, chunk, space);
  if (!tiles)
    throw new Error(
      `state=${state} with chunk=${chunk} needs more than this adapter's ${space.workgroupBytes} bytes of workgroup memory`,
    );
  return tiles;
}

/** One pass reads and writes each tensor once; the split form reads X, B and the decays twice and moves the segment states. */
function tileCost(problem: Problem<Ssd>, { chunk = 32, make = "tile" }: Options) {
  const { batch, length, heads, headDim, state } = problem.dims;
  const least = ssd.cost(problem);
  const storage = problem.dtype === "f16" ? 2 : 4;
  const PS =
    fitTiles(headDim, state, chunk, { workgroupBytes: 49152, invocations: 1024, storageBytes: storage })
      ?.PS ?? 4;
  const slices = Math.ceil(headDim / PS);
  const segments = Math.max(
    make.endsWith("-split") ? 2 : 1,
    segmentsFor(problem, { PS, Q: chunk }, length, batch),
  );
  const split = segments > 1;
  const tokenHeads = batch * length * heads;
  const scores = 2 * chunk * state * slices; // every slice of channels makes the scores again
  const flops =
    tokenHeads * (scores + 2 * chunk * headDim + 4 * headDim * state + (split ? 2 * headDim * state : 0));
  const again = split ? tokenHeads * headDim * storage + segments * batch * heads * headDim * state * 16 : 0;
  return { flops, bytes: least.bytes + again, dispatches: split ? 3 : 1 };
}
