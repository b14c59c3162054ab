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
  /** Columns of the state that a thread holds of each of its channels. */
  readonly columns: 1 | 2 | 4 | 8;
  readonly channels: 1 | 2;
  /** Warps side by side along the state; each has four times `columns` of it. */
  readonly stateWarps: number;
  /** Of eight threads each along the channels. */
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

/** Lanes of a warp that share a channel, and threads of a warp along the channels: walk.tokens.cu. */
const LANES = 4;
const ALONG = 8;
const MOST_COLUMNS = 8;
const MOST_WARPS = 32;
export const MOST_STATE = LANES * MOST_COLUMNS * MOST_WARPS;

/** Two warps for each scheduler, or nearly: one waits while the other computes. Measured: engines/cuda/NOTES.md. */
const BUSY_WARPS = 7.5;
/** Where time is cut: as many warps a multiprocessor. */
const SPLIT_WARPS = 16;
/** A segment's own work must outweigh its ends. */
const LEAST_SEGMENT = 128;

type Share = Pick<Cut, "columns" | "channels">;

function warpsOf({ dims }: Walked, { columns, channels }: Share): number {
  const { batch, groups, heads, headDim, state } = dims;
  const along = Math.ceil((heads * headDim) / groups / (ALONG * channels));
  return batch * groups * along * stateWarpsFor(state, columns);
}

function stateWarpsFor(state: number, columns: number): number {
  return Math.ceil(state / (LANES * columns));
}

/** What a thread may hold of the state, most first. */
const SHARES: readonly Share[] = [
  { columns: 8, channels: 1 },
  { columns: 4, channels: 1 },
  { columns: 2, channels: 1 },
  { columns: 1, channels: 1 },
];

/** @param split whether time is cut in any case */
export function cutFor(walked: Walked, card: Card, split: boolean): Cut {
  const { state } = walked.dims;
  const shares = SHARES.filter(
    ({ columns }) =>
      (columns === 1 || LANES * columns <= state) && stateWarpsFor(state, columns) <= MOST_WARPS,
  );
  const busy = shares.find((share) => warpsOf(walked, share) >= BUSY_WARPS * card.multiprocessors);
  if (busy && !split) return { ...tilesFor(walked, busy, card), segments: 1 };
  const share = shares.find(({ columns }) => columns <= 4) ?? shares[shares.length - 1];
  const segments = segmentsFor(walked, share, card, split);
  // what cannot be cut is spread over as many threads as it has elements
  return { ...tilesFor(walked, segments > 1 ? share : shares[shares.length - 1], card), segments };
}

function segmentsFor(walked: Walked, share: Share, { multiprocessors }: Card, split: boolean): number {
  const wanted = Math.floor((SPLIT_WARPS * multiprocessors) / warpsOf(walked, share));
  const most = Math.floor(walked.dims.length / LEAST_SEGMENT);
  return Math.max(split ? 2 : 1, Math.min(wanted, most));
}

export function tilesFor(walked: Walked, { columns, channels }: Share, { sharedBytes }: Card) {
  const stateWarps = stateWarpsFor(walked.dims.state, columns);
  const octets = Math.max(1, Math.floor(4 / stateWarps));
  const shape = { columns, channels, stateWarps, octets };
  const fitting = [64, 32, 16, 8, 4].find(
    (tokens) =>
      tokens * columns <= 128 &&
      (tokens < 2 * walked.dims.length || tokens === 4) &&
      roomBytes(walked, { ...shape, tokens }, true) <= sharedBytes / 2,
  );
  return { ...shape, tokens: fitting ?? 4 };
}

/** `Room` of walk.tiles.cu. */
export function roomBytes(
  { constantB, constantC, documents, gated }: Walked,
  { columns, channels: own, stateWarps, octets, tokens }: Omit<Cut, "segments">,
  outputs: boolean,
): number {
  const row = 4 * LANES * columns * stateWarps;
  const channels = ALONG * own * octets;
  const rows = (wanted: boolean) => (wanted ? tokens : 1);
  const tile =
    row * (rows(!constantB) + rows(outputs && !constantC)) + 8 * tokens * channels + 4 * rows(documents);
  const gates = 8 * channels * (outputs && gated ? 3 * tokens : 1);
  const sums = 4 * tokens * channels * (outputs ? 2 * stateWarps : 1);
  return Math.ceil((2 * Math.ceil(tile / 16) * 16 + gates + sums) / 16) * 16;
}
