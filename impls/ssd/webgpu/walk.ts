/**
 * The chunked form on the matrix unit for states of at most 64 columns: states of stretches and scores of blocks in one dispatch,
 * then a workgroup a head and stretch walks its blocks with the state in registers. No state of a block goes through memory.
 */
import type { WebGpuEngine } from "../../engines/webgpu.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import { ssdSize } from "./size.js";
import { steppedInputs } from "./steps.js";
import { MATRIX_BLOCK, matrixCounts, matrixSlices, matrixTiles, WALK_BYTES } from "./tiles.js";

const sharedUrl = new URL("./shared/matrix.wgsl", import.meta.url);
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
  const products = { shared: [sharedUrl], constants, matrix: true };
  const slices = matrixSlices(headDim);
  const stage = engine.stage(ssd, problem, { quantum: MATRIX_BLOCK, f32Outputs: ["finalState"] });
  const optional = (...names: string[]) => names.filter((name) => stage.has(name));
  const stateBytes = slices * 64 * tiles.NPAD * 4;
  const scoreBytes = MATRIX_BLOCK * MATRIX_BLOCK * 4;

  for (const window of stage.windows) {
    const { batches, tokens, isFirst, isLast } = window;
    const { chunks, blocks, walkChunks: walk_chunks } = cutTime(tokens, batches * heads * slices);
    const { X, logA, B, C, dt, D, z, initialState } = await steppedInputs(
      stage,
      window,
      ...(["X", "logA", "B", "C", "dt", "D", "z", "initialState"] as const),
    );
    const sums = isFirst && isLast && chunks <= MOST_SUMMED;
    const places = batches * chunks * heads;
    const chunkStates = stage.scratch("chunk states", places * stateBytes);
    const chunkDecays = stage.scratch("chunk decays", places * 4);
    const scores = stage.scratch("scores", batches * chunks * blocks * groups * scoreBytes);
    const finalState = stage.output("finalState", window);
    const Y = stage.output("Y", window);
    const walks = Math.ceil(chunks / walk_chunks);
    const chunk_states = sums ? (walks - 1) * walk_chunks : chunks;
    const size = {
      ...{ ...ssdSize(problem, window), chunks, block0: 0, slices, blocks },
      ...{ walk_chunks, chunk_states },
    };
    // states of stretches and scores of blocks
    await stage.kernel(
      { url: statesUrl, ...products, flags: ["octets", "walk", ...optional("dt")] },
      { size, X, logA, B, C, scores, chunkStates, chunkDecays, dt },
      [slices * heads + groups * blocks, chunks, batches],
    );
    const walk = { size, X, logA, B, C, Y, scores, dt, D, z };
    const grid = [slices * heads, walks, batches] as const;
    if (sums) {
      await stage.kernel(
        { url: walkUrl, ...products, flags: ["octets", "sums", ...optional("dt", "D", "z", "initialState")] },
        { ...walk, chunkStates, chunkDecays, finalState, initialState },
        grid,
      );
      continue;
    }
    const startStates = stage.scratch("start states", places * stateBytes);
    await stage.kernel(
      {
        ...{ url: passUrl, constants },
        flags: ["walk", ...(isFirst ? optional("initialState") : ["carries"])],
      },
      {
        size: { heads, head_dim: headDim, state, chunks, slices, walk_chunks },
        ...{ chunkStates, chunkDecays, finalState, startStates },
        initialState: isFirst ? initialState : undefined,
      },
      [Math.ceil((slices * 64 * tiles.NPAD) / 2 / 64), heads, batches],
    );
    await stage.kernel(
      { url: walkUrl, ...products, flags: ["octets", ...optional("dt", "D", "z")] },
      { ...walk, startStates },
      grid,
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
