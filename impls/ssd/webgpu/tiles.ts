/** What the WebGPU kernels of ssd share: tile sizes that fit the adapter, and how many workgroups a problem gives. */
import type { WebGpuEngine } from "../../engines/webgpu.js";
import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

export interface Tiles {
  /** Tokens a chunk. */
  readonly Q: number;
  /** Channels of one head that a workgroup owns. */
  readonly PS: number;
  /** Columns of B and C held at a time. */
  readonly NT: number;
  /** The state's size, rounded up so that few pipelines serve all sizes. */
  readonly NPAD: number;
  readonly TX: number;
  readonly TY: number;
}

export interface Room {
  readonly workgroupBytes: number;
  readonly invocations: number;
  readonly storageBytes: number;
  /** Most channels a workgroup takes. Drivers that compute on the CPU compile for minutes when a thread owns many results. */
  readonly mostChannels?: number | undefined;
}

/** The widest slice of channels whose state and tiles fit; undefined when not even eight channels do. */
export function fitTiles(headDim: number, state: number, chunk: number, room: Room): Tiles | undefined {
  const NT = Math.min(32, Math.max(16, 2 ** Math.ceil(Math.log2(state))));
  const NPAD = Math.max(NT, 2 ** Math.ceil(Math.log2(state)));
  const widest = Math.min(room.mostChannels ?? 64, Math.max(8, 2 ** Math.ceil(Math.log2(headDim))));
  for (let PS = widest; PS >= 4; PS /= 2) {
    const TX = Math.min(16, PS);
    const TY = Math.min(16, Math.floor(room.invocations / TX));
    const bytes =
      4 * NPAD * PS +
      room.storageBytes * chunk * (PS + 2 * (NT + 1)) +
      4 * chunk * (chunk + 1) +
      4 * 8 * chunk;
    if (bytes <= room.workgroupBytes) return { Q: chunk, PS, NT, NPAD, TX, TY };
  }
  return undefined;
}

/** @throws with what the adapter lacks */
export function tilesOn({ limits, gpu }: WebGpuEngine, problem: Problem<Ssd>, chunk: number) {
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

/**
 * Segments of the two-level form. One pass over memory is cheapest, so more are used only while the workgroups cannot fill a large
 * GPU (two for each of 132 multiprocessors), and none is shorter than four chunks.
 */
export function segmentsFor(
  problem: Problem<Ssd>,
  tiles: Pick<Tiles, "PS" | "Q">,
  tokens: number,
  batches: number,
): number {
  const { heads, headDim } = problem.dims;
  const workgroups = batches * heads * Math.ceil(headDim / tiles.PS);
  const wanted = Math.ceil(264 / workgroups);
  return Math.max(1, Math.min(wanted, Math.floor(tokens / (4 * tiles.Q))));
}

/** Tokens of a block and channels of a slice on the matrix unit: four times 16 rows. A chunk is one block or several. */
export const MATRIX_BLOCK = 64;
export const MATRIX_CHUNKS: readonly number[] = [64, 128, 256];

/**
 * Chunks worth trying, the faster one on an H200 first: the states of chunks cost 12 bytes an element, so large states want long
 * chunks.
 */
export function matrixChunks(state: number): readonly number[] {
  if (state <= 64) return [64];
  return [state <= 128 ? 128 : 256, 64];
}

const MATRIX_SLICE = 64;
const ROWS = 16;
const TILE_BYTES = MATRIX_BLOCK * 144;

/** 8 share rows in pairs: faster than 4 or 16 on an H200. */
const SUBGROUPS = 8;

/** Workgroup memory of the states' kernel, the largest of three: two tiles, three tables of tokens, one of octets. */
export const MATRIX_BYTES = 2 * TILE_BYTES + 4 * (3 * MATRIX_BLOCK + 8);

/** Of the kernel that walks: five tiles, four tables of tokens, one of pairs of decay and dt with pads, and a total. */
export const WALK_BYTES = 5 * TILE_BYTES + 4 * (6 * MATRIX_BLOCK + 16 + 1);

export interface MatrixTiles {
  /** Matrix shape of the adapter. */
  readonly MM: number;
  readonly NN: number;
  readonly KK: number;
  readonly LANES: number;
  /** Columns of B and C held at a time, and the state's size rounded up to whole ones. */
  readonly NT: number;
  readonly NPAD: number;
}

/** Undefined when the shape does not divide the blocks, or the workgroup does not fit. */
export function fitMatrixTiles(
  state: number,
  shape: { readonly M: number; readonly N: number; readonly K: number },
  lanes: number,
  room: Room,
  bytes = MATRIX_BYTES,
): MatrixTiles | undefined {
  const { M: MM, N: NN, K: KK } = shape;
  const divides = [MM, NN, KK].every((size) => ROWS % size === 0) && (ROWS * 8) % lanes === 0;
  const fits = SUBGROUPS * lanes <= room.invocations && bytes <= room.workgroupBytes;
  if (!divides || !fits) return undefined;
  // subgroups that share rows take equal columns
  const step = Math.max(ROWS, (SUBGROUPS / 4) * NN);
  const NT = Math.min(MATRIX_BLOCK, Math.ceil(state / step) * step);
  return { MM, NN, KK, LANES: lanes, NT, NPAD: Math.ceil(state / NT) * NT };
}

/** @throws with what the adapter lacks */
export function matrixTiles(engine: WebGpuEngine, state: number, bytes = MATRIX_BYTES): MatrixTiles {
  const { subgroupSize, matrixShapes, limits } = engine;
  if (matrixShapes.length === 0 || subgroupSize === undefined)
    throw new Error("this adapter offers no f16 subgroup matrices with f32 sums and one subgroup size");
  const room = {
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    invocations: limits.maxComputeInvocationsPerWorkgroup,
    storageBytes: 2,
  };
  const found = matrixShapes
    .map((shape) => fitMatrixTiles(state, shape, subgroupSize, room, bytes))
    .find((fit) => fit !== undefined);
  if (!found)
    throw new Error(
      `the matrix kernels need ${room.workgroupBytes < bytes ? `${bytes} bytes of workgroup memory` : "shapes that divide 16 x 16"}; ` +
        `this adapter has ${room.workgroupBytes} bytes`,
    );
  return found;
}

/** How often each unrolled loop of the matrix kernels goes round. */
export function matrixCounts({ MM, NN, KK, LANES, NT }: MatrixTiles) {
  const threads = SUBGROUPS * LANES;
  const RM = ROWS / MM;
  const share = SUBGROUPS / 4;
  const [GC, PC, NC] = [MATRIX_BLOCK / NN / share, MATRIX_SLICE / NN / share, NT / NN / share];
  return {
    // matrices of a subgroup: RM rows of GC scores, of PC outputs, of NC columns of the state
    ...{ RM, GC, PC, NC, RG: RM * GC, RP: RM * PC, RN: RM * NC },
    // steps of KK along a tile of the state and along a chunk
    ...{ KS: NT / KK, QS: MATRIX_BLOCK / KK },
    // what a thread moves: eights of a tile of halves, fours of its subgroup's rows in f32, eights of its scores
    LOADS: (MATRIX_BLOCK * 8) / threads,
    ITEMS: (MATRIX_BLOCK * 16) / threads,
    ...{ SUBGROUPS, FOUR: 4, EIGHT: 8, SIXTEEN: 16 },
  };
}

/** Slices of 64 channels that a head's channels take. */
export function matrixSlices(headDim: number): number {
  return Math.ceil(headDim / MATRIX_SLICE);
}
