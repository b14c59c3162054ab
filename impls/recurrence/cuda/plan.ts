/** How a walk over tokens is cut for a card: columns of the state a thread, warps a workgroup, tokens a tile, segments of time. */

/** What of a problem decides that. */
export interface Walked {
  readonly dims: Readonly<Record<"batch" | "length" | "heads" | "groups" | "headDim" | "state", number>>;
  /** B or C is a matrix of each channel, which does not change with time. */
  readonly constantB: boolean;
  readonly constantC: boolean;
  readonly documents: boolean;
  /** There is D or z. */
  readonly gated: boolean;
}

export interface Cut {
  /** Columns of the state that a thread holds of its channel. */
  readonly columns: 1 | 2 | 4 | 8;
  /** Warps side by side along the state; each has four times `columns` of it. */
  readonly stateWarps: number;
  /** Of eight channels each, beside each other. */
  readonly octets: number;
  /** Staged together. */
  readonly tokens: number;
  readonly segments: number;
}

/** What the kernels ask of a card. */
export interface Card {
  readonly multiprocessors: number;
  readonly sharedBytes: number;
}

/** Lanes of a warp that share a channel, and channels of a warp: scan.walk.cu. */
const LANES = 4;
const CHANNELS = 8;
const MOST_COLUMNS = 8;
const MOST_WARPS = 32;
export const MOST_STATE = LANES * MOST_COLUMNS * MOST_WARPS;

/** A warp for each scheduler, or nearly: the special-function units are then busy if nothing else stalls. */
const BUSY_WARPS = 3.5;
/** Below as many warps a multiprocessor, walking twice over more segments is faster than walking once. */
const IDLE_WARPS = 1.2;
/** A segment's own work must outweigh its ends. */
const LEAST_SEGMENT = 128;

function warpsOf({ dims }: Walked, columns: number): number {
  const { batch, groups, heads, headDim, state } = dims;
  return batch * groups * Math.ceil((heads * headDim) / groups / CHANNELS) * stateWarpsFor(state, columns);
}

function stateWarpsFor(state: number, columns: number): number {
  return Math.ceil(state / (LANES * columns));
}

/** @param split whether time is cut in any case */
export function cutFor(walked: Walked, card: Card, split: boolean): Cut {
  const { state } = walked.dims;
  const choices = ([8, 4, 2, 1] as const).filter(
    (columns) => (columns === 1 || LANES * columns <= state) && stateWarpsFor(state, columns) <= MOST_WARPS,
  );
  const enough = BUSY_WARPS * card.multiprocessors;
  const narrowest = choices[choices.length - 1];
  const idle = warpsOf(walked, narrowest) < IDLE_WARPS * card.multiprocessors;
  if (split || idle) {
    const columns = choices.find((one) => one <= 4) ?? narrowest;
    return { ...tilesFor(walked, columns, card), segments: segmentsFor(walked, columns, card, split) };
  }
  // eight columns need a second warp to wait for: they have few exponentials in flight a register
  const columns = choices.find((one) => warpsOf(walked, one) >= (one === 8 ? 2 : 1) * enough) ?? narrowest;
  return { ...tilesFor(walked, columns, card), segments: 1 };
}

/** Segments until every scheduler has two warps. */
function segmentsFor(walked: Walked, columns: number, { multiprocessors }: Card, split: boolean): number {
  const wanted = Math.floor((8 * multiprocessors) / warpsOf(walked, columns));
  const most = Math.floor(walked.dims.length / LEAST_SEGMENT);
  return Math.max(split ? 2 : 1, Math.min(wanted, most));
}

export function tilesFor(walked: Walked, columns: Cut["columns"], { sharedBytes }: Card) {
  const stateWarps = stateWarpsFor(walked.dims.state, columns);
  const octets = Math.max(1, Math.floor(4 / stateWarps));
  const shape = { columns, stateWarps, octets };
  const fitting = [64, 32, 16, 8, 4].find(
    (tokens) =>
      tokens * columns <= 128 &&
      (tokens < 2 * walked.dims.length || tokens === 4) &&
      roomBytes(walked, { ...shape, tokens }, true) <= sharedBytes / 2,
  );
  return { ...shape, tokens: fitting ?? 4 };
}

/** `Room` of scan.tiles.cu. */
export function roomBytes(
  { constantB, constantC, documents, gated }: Walked,
  { columns, stateWarps, octets, tokens }: Omit<Cut, "segments">,
  outputs: boolean,
): number {
  const row = 4 * LANES * columns * stateWarps;
  const channels = CHANNELS * octets;
  const rows = (wanted: boolean) => (wanted ? tokens : 1);
  const tile =
    row * (rows(!constantB) + rows(outputs && !constantC)) + 8 * tokens * channels + 4 * rows(documents);
  const gates = 8 * channels * (outputs && gated ? 3 * tokens : 1);
  const sums = 4 * tokens * channels * (outputs ? 2 * stateWarps : 1);
  return Math.ceil((2 * Math.ceil(tile / 16) * 16 + gates + sums) / 16) * 16;
}
