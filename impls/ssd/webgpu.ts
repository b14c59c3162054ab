/** What the WebGPU kernels of ssd share: tile sizes that fit the adapter, and how many workgroups a problem gives. */
import type { Problem } from "../operator.js";
import type { Ssd } from "./operator.js";

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

export interface MatrixTiles {
  readonly Q: number;
  readonly PS: number;
  readonly NT: number;
  readonly NPAD: number;
  /** Subgroups of a workgroup: rows and columns of them. */
  readonly WR: number;
  readonly WC: number;
  readonly MM: number;
  readonly NN: number;
  readonly KK: number;
  readonly LANES: number;
}

/** Tiles for the matrix unit: 2 x 2 subgroups, a state of at most 64 accumulators a lane. Undefined when nothing fits. */
export function fitMatrixTiles(
  headDim: number,
  state: number,
  chunk: number,
  shape: { readonly M: number; readonly N: number; readonly K: number },
  lanes: number,
  room: Room,
): MatrixTiles | undefined {
  const { M: MM, N: NN, K: KK } = shape;
  const [WR, WC] = [2, 2];
  if (
    WR * WC * lanes > room.invocations ||
    chunk % (2 * MM) !== 0 ||
    chunk % (2 * NN) !== 0 ||
    chunk % KK !== 0
  )
    return undefined;
  for (const PS of headDim > 32 && (room.mostChannels ?? 64) >= 64 ? [64, 32] : [32]) {
    for (const NT of state > 32 ? [64, 32] : [32]) {
      const NPAD = Math.ceil(state / NT) * NT;
      if (NPAD * PS > 64 * WR * WC * lanes && lanes >= 32) continue;
      if (NT > chunk || PS % (WC * NN) !== 0 || NT % (WR * MM) !== 0 || NT % KK !== 0) continue;
      const halves = Math.max(2 * chunk * (NT + 8), chunk * (chunk + 8)) + chunk * (PS + 8) + NPAD * (PS + 8);
      const bytes = 2 * halves + 4 * (chunk * (WC * NN + 4) + 6 * chunk + chunk / 16);
      if (bytes <= room.workgroupBytes) return { Q: chunk, PS, NT, NPAD, WR, WC, MM, NN, KK, LANES: lanes };
    }
  }
  return undefined;
}
