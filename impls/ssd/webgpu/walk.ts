/**
 * The chunked form on the matrix unit for states of at most 64 columns: states of stretches and scores of blocks in one dispatch,
 * then a workgroup a head and stretch walks its blocks with the state in registers. No state of a block goes through memory.
 */
import type { WebGpuEngine } from "../../engines/webgpu.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import { MATRIX_BLOCK, matrixCounts, matrixSlices, matrixTiles, WALK_BYTES } from "./tiles.js";

const sharedUrl = new URL("./chunked.matrix.wgsl", import.meta.url);
const statesUrl = new URL("./chunked.matrix.states.wgsl", import.meta.url);
const passUrl = new URL("./chunked.matrix.pass.wgsl", import.meta.url);
const walkUrl = new URL("./chunked.matrix.walk.wgsl", import.meta.url);

/** Workgroups that walk at a time: one lives on each of 132 multiprocessors. More, shorter walks need more states from memory. */
const WALKS = 132;
/** Stretches whose states are summed apart for one walk: two workgroups that sum live on a multiprocessor. */
const STRETCHES_A_WALK = 2;
/** Where a head has more stretches than these, a dispatch of its own passes states on; else each walk sums those before it. */
const MOST_SUMMED = 32;
/** Storage buffers of the walk with all optional inputs. */
const BUFFERS = 13;

/** Rows of whole octets, and a state of one tile. */
function suits({ dims }: Problem<Ssd>): boolean {
  return dims.state <= MATRIX_BLOCK && dims.state % 8 === 0 && dims.headDim % 8 === 0;
}

export function canWalk({ limits }: WebGpuEngine, problem: Problem<Ssd>): boolean {
  return (
    suits(problem) &&
    limits.maxComputeWorkgroupStorageSize >= WALK_BYTES &&
    limits.maxStorageBuffersPerShaderStage >= BUFFERS
  );
}

export async function prepareWalk(engine: WebGpuEngine, problem: Problem<Ssd>) {
  const { heads, groups, headDim, state } = problem.dims;
  const tiles = matrixTiles(engine, state, WALK_BYTES);
  const constants = { ...tiles, ...matrixCounts(tiles) };
  const slices = matrixSlices(headDim);
  const stage = engine.stage(ssd, problem, { quantum: MATRIX_BLOCK, f32Outputs: ["finalState"] });
  const perHeadD = problem.inputs.D?.axes.length === 1 ? 1 : 0;
  const stateBytes = slices * 64 * tiles.NPAD * 4;
  const scoreBytes = MATRIX_BLOCK * MATRIX_BLOCK * 4;

  for (const window of stage.windows) {
    const { batches, tokens, isFirst, isLast } = window;
    const { chunks, blocks, walkChunks } = cutTime(tokens, batches * heads * slices);
    const names = ["X", "logA", "B", "C", "dt", "D", "z", "initialState"];
    const [X, logA, B, C, dt, D, z, initialState] = await Promise.all(
      names.map((name) => stage.input(name, window)),
    );
    const sums = isFirst && isLast && chunks <= MOST_SUMMED;
    const places = batches * chunks * heads;
    const chunkStates = stage.scratch("chunk states", places * stateBytes);
    const chunkDecays = stage.scratch("chunk decays", places * 4);
    const scores = stage.scratch("scores", batches * chunks * blocks * groups * scoreBytes);
    const finalState = stage.output("finalState", window);
    const walks = Math.ceil(chunks / walkChunks);
    const needed = sums ? (walks - 1) * walkChunks : chunks;
    const size = stage.uniform([
      ...[batches, tokens, heads, groups, headDim, state, chunks, 0],
      ...[slices, perHeadD, blocks, walkChunks, needed],
    ]);
    await stage.kernel(
      {
        ...{ url: statesUrl, shared: sharedUrl, constants, matrix: true },
        flags: ["octets", "walk", ...(dt ? ["dt"] : [])],
      },
      {
        ...{ 0: size, 1: X, 2: logA, 3: B, 4: C, 5: scores },
        ...{ 7: chunkStates, 8: chunkDecays, 9: dt },
      },
      [slices * heads + groups * blocks, chunks, batches],
    );
    let startStates = chunkStates;
    if (!sums) {
      startStates = stage.scratch("start states", places * stateBytes);
      await stage.kernel(
        {
          url: passUrl,
          flags: ["walk", ...(isFirst ? (initialState ? ["initialState"] : []) : ["carries"])],
          constants,
        },
        {
          ...{ 0: size, 1: chunkStates, 2: chunkDecays, 3: finalState },
          ...{ 4: isFirst ? initialState : undefined, 5: startStates },
        },
        [Math.ceil((slices * 64 * tiles.NPAD) / 2 / 64), heads, batches],
      );
    }
    const flags = ["dt", "D", "z", ...(sums ? ["initialState"] : [])].filter((name) => stage.has(name));
    await stage.kernel(
      {
        ...{ url: walkUrl, shared: sharedUrl, constants, matrix: true },
        flags: ["octets", ...(sums ? [...flags, "sums"] : flags)],
      },
      {
        ...{ 0: size, 1: X, 2: logA, 3: B, 4: C, 5: stage.output("Y", window), 6: startStates },
        ...{ 7: scores, 8: dt, 9: D, 10: z },
        ...(sums ? { 11: chunkDecays, 12: finalState, 13: initialState } : {}),
      },
      [slices * heads, walks, batches],
    );
  }
  return stage.prepared();
}

/** Blocks a chunk, chunks a walk and chunks of a stretch of time, `workgroups` of which walk beside each other. */
function cutTime(tokens: number, workgroups: number) {
  const all = Math.ceil(tokens / MATRIX_BLOCK);
  const longest = Math.ceil(all / Math.max(1, Math.floor(WALKS / workgroups)));
  const walkChunks = Math.min(STRETCHES_A_WALK, longest);
  const blocks = Math.ceil(longest / walkChunks);
  return { chunks: Math.ceil(all / blocks), blocks, walkChunks };
}

/** Undefined where blocks are not walked. X, B and C are read twice, scores of blocks made once a group. */
export function walkCost(problem: Problem<Ssd>) {
  if (!suits(problem)) return undefined;
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const least = ssd.cost(problem);
  const { chunks, walkChunks } = cutTime(length, batch * heads * matrixSlices(headDim));
  const sums = chunks <= MOST_SUMMED;
  const summed = sums ? chunks - walkChunks : chunks; // a chunk more or less where the last walk is short
  const tokens = batch * length;
  const stateBytes = batch * heads * headDim * state * 4;
  const walks = Math.ceil(chunks / walkChunks);
  return {
    flops:
      tokens * (2 * groups * MATRIX_BLOCK * state + heads * headDim * (MATRIX_BLOCK + 4 * state)) +
      (tokens * heads * headDim * 2 * state * summed) / chunks,
    bytes:
      least.bytes +
      tokens * (heads * headDim * 2 + groups * (4 * state + 8 * MATRIX_BLOCK)) +
      stateBytes * (summed + (sums ? (walkChunks * walks * (walks - 1)) / 2 : chunks + 2 * walks)),
    dispatches: sums ? 2 : 3,
  };
}
