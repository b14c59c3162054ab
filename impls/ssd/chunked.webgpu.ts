/** The chunked form (SSD, section 6) on WebGPU. Bytes: engines/webgpu/README.md; what binds: its NOTES.md. */
import type { WebGpuEngine } from "../engines/webgpu.js";
import { implementation } from "../implementation.js";
import { UNSPECIFIED } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import { cutSegments } from "../recurrence/tiles.js";
import { type Ssd, STEPS, ssd } from "./operator.js";
import { matrixCost, prepareMatrix } from "./webgpu/matrix.js";
import { passSegments } from "./webgpu/segments.js";
import { ssdSize } from "./webgpu/size.js";
import { steppedInputs } from "./webgpu/steps.js";
import { fitTiles, MATRIX_BLOCK, MATRIX_CHUNKS, matrixChunks, segmentsFor, tilesOn } from "./webgpu/tiles.js";
import { walkCost } from "./webgpu/walk.js";

const tokensUrl = new URL("./webgpu/shared/tokens.wgsl", import.meta.url);
const chunkUrl = new URL("./webgpu/shared/chunk.wgsl", import.meta.url);
const epilogueUrl = new URL("./webgpu/shared/epilogue.wgsl", import.meta.url);
const outputUrl = new URL("./webgpu/chunked.output.wgsl", import.meta.url);

/**
 * tile: products by multiply-adds on tiles in workgroup memory; tile-split forces its two-level form (segment states first), which
 * is else chosen when workgroups are too few to fill a large device. subgroup-matrix: on the matrix unit (f16 only).
 */
const MAKES = ["tile", "tile-split", "subgroup-matrix"];

export const chunkedWebgpu = implementation(ssd, "webgpu", {
  form: "chunked",
  takes: STEPS,
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
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dtype, dims }, { chunk = 32, make = "tile" }) => {
    const onMatrix = make === "subgroup-matrix";
    return {
      // WGSL rounds either way
      accumulate: 2 ** -23,
      ...(onMatrix ? { products: { unit: UNSPECIFIED, terms: dims.state } } : {}),
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

  prepare: (engine, problem, { chunk = 32, make = "tile" }) =>
    make === "subgroup-matrix"
      ? prepareMatrix(engine, problem, chunk)
      : prepareTiles(engine, problem, chunk, fewestSegments(make)),

  cost: (problem, options) =>
    options.make === "subgroup-matrix"
      ? ((options.chunk === MATRIX_BLOCK ? walkCost(problem) : undefined) ??
        matrixCost(problem, options.chunk ?? MATRIX_BLOCK))
      : tileCost(problem, options),
});

/** One walk a head and slice of channels where those fill the device, else states of segments first and a walk a segment. */
async function prepareTiles(engine: WebGpuEngine, problem: Problem<Ssd>, chunk: number, fewest: number) {
  const { heads, headDim } = problem.dims;
  const tiles = tilesOn(engine, problem, chunk);
  const stage = engine.stage(ssd, problem, { quantum: chunk, f32Outputs: ["finalState"] });
  const slices = Math.ceil(headDim / tiles.PS);
  const optional = ["dt", "D", "z"].filter((name) => stage.has(name));

  for (const window of stage.windows) {
    const { batches, tokens, isFirst, isLast } = window;
    const wanted = Math.max(fewest, Math.min(segmentsFor(problem, tiles, tokens, batches), 65535));
    const cut = cutSegments(tokens, wanted, chunk);
    const split = fewest > 1 || cut.segments > 1 || !(isFirst && isLast);
    const finalState = stage.output("finalState", window);
    const inputs = await steppedInputs(stage, window, "X", "logA", "B", "C", "dt", "D", "z");
    const startStates = split
      ? await passSegments(stage, window, tiles, cut)
      : await stage.input("initialState", window);
    const flags = [...optional, ...(startStates ? ["startStates"] : []), ...(split ? [] : ["endStates"])];
    await stage.kernel(
      { url: outputUrl, shared: [tokensUrl, chunkUrl, epilogueUrl], flags, constants: { ...tiles } },
      {
        ...{ size: { ...ssdSize(problem, window), ...cut, slices }, ...inputs },
        ...{ Y: stage.output("Y", window), startStates },
        endStates: split ? undefined : finalState,
      },
      [slices * heads, cut.segments, batches],
    );
  }
  return stage.prepared();
}

function fewestSegments(make: string): number {
  return make.endsWith("-split") ? 2 : 1;
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
  const segments = Math.max(fewestSegments(make), segmentsFor(problem, { PS, Q: chunk }, length, batch));
  const split = segments > 1;
  const tokenHeads = batch * length * heads;
  const scores = 2 * chunk * state * slices; // every slice of channels makes the scores again
  const flops =
    tokenHeads * (scores + 2 * chunk * headDim + 4 * headDim * state + (split ? 2 * headDim * state : 0));
  const again = split ? tokenHeads * headDim * storage + segments * batch * heads * headDim * state * 16 : 0;
  return { flops, bytes: least.bytes + again, dispatches: split ? 3 : 1 };
}
