/** The argument block of the gated delta kernels. */
import type { Room, Words } from "../../engines/wasm/room.js";
import { type GatedDelta, hasChannelDecays, queryScale } from "../operator.js";

/** In the order of class Args in layout.as.ts. */
export const fields = [
  "Q",
  "K",
  "V",
  "logA",
  "beta",
  "initialState",
  "Y",
  "finalState",
  "length",
  "heads",
  "groups",
  "headDim",
  "state",
  "channelDecays",
  "chunk",
  "factor",
] as const;
export type Field = (typeof fields)[number];

/** Rows of a tile, channels of a slice, columns of a chunk's matrices: layout.as.ts, pairs.as.ts. */
const ROWS = 6;
const WIDTH = 8;
const MOST_TOKENS = 16;

export function argumentsOf(room: Room<GatedDelta>, chunk: number): Words<Field> {
  const { problem } = room;
  const values = {
    ...{ ...room.address, ...problem.dims, chunk },
    channelDecays: hasChannelDecays(problem) ? 1 : 0,
    factor: room.floats(4, (four) => four.fill(queryScale(problem))),
  };
  return room.words(fields, values as unknown as Record<Field, number>);
}

/** Bytes of a head's state. */
export function stateBytes({ problem: { dims } }: Room<GatedDelta>): number {
  return Math.ceil(dims.headDim / WIDTH) * Math.ceil(dims.state / ROWS) * ROWS * WIDTH * 4;
}

/** Of a chunk: its record, then what the state gives, what is added, a factor. */
export function chunkBytes({ problem }: Room<GatedDelta>): number {
  const row = Math.ceil(problem.dims.state / WIDTH) * WIDTH;
  const rows = hasChannelDecays(problem) ? (MOST_TOKENS + 1) * row + WIDTH : 0;
  const record = 2 * MOST_TOKENS * (MOST_TOKENS + 1 + problem.dims.state) + rows;
  return 4 * (record + 3 * MOST_TOKENS * WIDTH + WIDTH);
}
