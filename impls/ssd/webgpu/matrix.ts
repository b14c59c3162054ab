/** The chunked form on the matrix unit: three dispatches over all chunks of a stretch of time (states and scores, pass, outputs). */
import type { WebGpuEngine } from "../../engines/webgpu.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import { ssdSize } from "./size.js";
import { steppedInputs } from "./steps.js";
import { MATRIX_BLOCK, matrixCounts, matrixSlices, matrixTiles } from "./tiles.js";
import { canWalk, prepareWalk } from "./walk.js";

const sharedUrl = new URL("./shared/matrix.wgsl", import.meta.url);
const statesUrl = new URL("./chunked.matrix.states.wgsl", import.meta.url);
const passUrl = new URL("./chunked.matrix.pass.wgsl", import.meta.url);
const outputUrl = new URL("./chunked.matrix.output.wgsl", import.meta.url);

/**
 * Chunk states and scores (f32) that one stretch of time may hold: beyond the last-level cache of a large GPU they would go through
 * memory three times, and far below it the stretches are too short to fill the device.
 */
const STRETCH_BYTES = 128 * 2 ** 20;

export async function prepareMatrix(engine: WebGpuEngine, problem: Problem<Ssd>, chunk: number) {
  const { heads, groups, headDim, state } = problem.dims;
  if (chunk === MATRIX_BLOCK && canWalk(engine, problem)) return prepareWalk(engine, problem);
  const tiles = matrixTiles(engine, state);
  const slices = matrixSlices(headDim);
  const stage = engine.stage(ssd, problem, { quantum: chunk, f32Outputs: ["finalState"] });
  const constants = { ...tiles, ...matrixCounts(tiles) };
  const products = { shared: [sharedUrl], constants, matrix: true };
  const blocks = chunk / MATRIX_BLOCK;
  // eight values at a time where every row starts at a multiple of eight
  const wide = headDim % 8 === 0 && state % 8 === 0 ? ["octets"] : [];
  const flags = (...optional: string[]) => [
    ...(blocks === 1 ? [...wide, "single"] : wide),
    ...optional.filter((name) => stage.has(name)),
  ];
  const stateBytes = slices * 64 * tiles.NPAD * 4;
  const scoreBytes = blocks * blocks * MATRIX_BLOCK * MATRIX_BLOCK * 4;

  for (const window of stage.windows) {
    const { batches, tokens, isFirst } = window;
    const all = Math.ceil(tokens / chunk);
    const stretch = stretchChunks(all, batches * (heads * stateBytes + groups * scoreBytes));
    const { X, logA, B, C, dt, D, z, initialState } = await steppedInputs(
      stage,
      window,
      ...(["X", "logA", "B", "C", "dt", "D", "z", "initialState"] as const),
    );
    const places = batches * stretch * heads;
    const chunkStates = stage.scratch("chunk states", places * stateBytes);
    const chunkDecays = stage.scratch("chunk decays", places * 4);
    const scores = stage.scratch("scores", batches * stretch * groups * scoreBytes);
    const startStates = stage.scratch("start states", (places * stateBytes) / 2);
    const finalState = stage.output("finalState", window);
    const Y = stage.output("Y", window);
    for (let chunk0 = 0; chunk0 < all; chunk0 += stretch) {
      const chunks = Math.min(stretch, all - chunk0);
      const block0 = chunk0 * blocks;
      const size = {
        ...{ ...ssdSize(problem, window), chunks, block0, slices, blocks },
        ...{ walk_chunks: 0, chunk_states: 0 },
      };
      // 1., 2. and the scores of 4.
      await stage.kernel(
        { url: statesUrl, ...products, flags: flags("dt") },
        { size, X, logA, B, C, scores, chunkStates, chunkDecays, dt },
        [(tiles.NPAD / tiles.NT) * slices * heads + groups * blocks * blocks, chunks, batches],
      );
      // 3. the recurrence over chunks
      const begins = isFirst && chunk0 === 0;
      await stage.kernel(
        { url: passUrl, flags: begins ? (initialState ? ["initialState"] : []) : ["carries"], constants },
        {
          size: { heads, head_dim: headDim, state, chunks, slices, walk_chunks: 0 },
          ...{ chunkStates, chunkDecays, finalState, startStates },
          initialState: begins ? initialState : undefined,
        },
        [Math.ceil((slices * 64 * tiles.NPAD) / 2 / 64), heads, batches],
      );
      // 4. outputs
      await stage.kernel(
        { url: outputUrl, ...products, flags: flags("dt", "D", "z") },
        { size, X, logA, C, Y, startStates, scores, dt, D, z },
        [slices * heads, Math.min(chunks * blocks, Math.ceil(tokens / MATRIX_BLOCK) - block0), batches],
      );
    }
  }
  return stage.prepared();
}

/** Chunks whose states are held at a time. */
function stretchChunks(chunks: number, bytesAChunk: number): number {
  return Math.min(chunks, Math.max(1, Math.floor(STRETCH_BYTES / bytesAChunk)));
}

/**
 * X, B and C are read twice; the states of chunks are written and read in f32 and again in f16; scores of blocks on and below the
 * diagonal of a chunk are made once a group.
 */
export function matrixCost(problem: Problem<Ssd>, chunk: number) {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const least = ssd.cost(problem);
  const [tokens, chunks, blocks] = [batch * length, Math.ceil(length / chunk), chunk / MATRIX_BLOCK];
  const stateBytes = matrixSlices(headDim) * MATRIX_BLOCK * state * 4;
  const scoreBytes = blocks * blocks * MATRIX_BLOCK * MATRIX_BLOCK * 4;
  const stretches = Math.ceil(
    chunks / stretchChunks(chunks, batch * (heads * stateBytes + groups * scoreBytes)),
  );
  const sources = (MATRIX_BLOCK * (blocks + 1)) / 2; // tokens whose scores a token takes, on average
  return {
    flops: tokens * (2 * groups * sources * state + heads * headDim * (2 * sources + 4 * state)),
    bytes:
      least.bytes +
      tokens * (heads * headDim * 2 + groups * (4 * state + 8 * sources)) +
      batch * heads * chunks * stateBytes * 3,
    dispatches: 3 * stretches,
  };
}
