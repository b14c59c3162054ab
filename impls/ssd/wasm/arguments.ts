/** The argument block of the ssd kernels, and how a run walks over blocks of sequences and tokens. */
import type { Room, Words } from "../../engines/wasm/room.js";
import type { AnyOperator, Problem } from "../../operator.js";
import { skipOf } from "../cpu/skip.js";
import type { Ssd } from "../operator.js";

/** In the order of class Args in layout.as.ts. */
export const fields = [
  "X",
  "logA",
  "B",
  "C",
  "dt",
  "D",
  "z",
  "initialState",
  "Y",
  "finalState",
  "length",
  "heads",
  "groups",
  "headDim",
  "state",
  "chunk",
  "slices",
  "first",
  "start",
  "tokens",
  "span",
  "headSpan",
  "sliceSpan",
  "states",
  "records",
  "ones",
  "slots",
  "firstTokens",
  "segmentTokens",
  "decays",
  "documentStates",
  "documents",
  "document",
  "ids",
  "own",
] as const;
export type Field = (typeof fields)[number];

/** Channels of a slice and rows of a tile: gemm.as.ts. */
export const WIDTH = 8;
export const ROWS = 6;

type Sizes = Problem<Ssd>["dims"];
/** Of ssd, or of an operator that has all of its sizes. */
type ArgumentRoom = Pick<Room<AnyOperator>, "address" | "floats" | "madeOf" | "words"> & {
  readonly problem: { readonly dims: Sizes; readonly inputs: Problem<Ssd>["inputs"] };
};

/** Bytes of the states of one sequence, as [head][slice][n, padded to a tile][8]. */
export function stateBytes({ heads, headDim, state }: Sizes): number {
  return heads * Math.ceil(headDim / WIDTH) * Math.ceil(state / ROWS) * ROWS * WIDTH * 4;
}

/** @param own in place of the problem's: what an operator in front of this kernel makes */
export function argumentsOf(room: ArgumentRoom, own: Partial<Record<Field, number>>): Words<Field> {
  const { dims } = room.problem;
  const values = Object.fromEntries(fields.map((name) => [name, room.address[name] ?? 0])) as Record<
    Field,
    number
  >;
  values.D = own.D ?? skipOf(room);
  values.ids = values.documents;
  values.documents = dims.documents ?? 0;
  const { length, heads, groups, headDim, state } = dims;
  const slices = Math.ceil(headDim / WIDTH);
  const ones = room.floats(WIDTH, (values) => values.fill(1));
  return room.words(fields, {
    ...values,
    length,
    heads,
    groups,
    headDim,
    state,
    slices,
    ones,
    slots: 1,
    ...own,
  });
}

/**
 * Heads and slices a task takes: few and large tasks, since heads walk together and slices share the packed rows, yet so that all
 * threads get the same.
 */
export function spans(
  threads: number,
  sequences: number,
  { heads }: Sizes,
  slices: number,
  mostHeads: number,
): { headSpan: number; sliceSpan: number; tasks: number } {
  const even = (tasks: number, equal: boolean) => (equal && tasks % threads === 0) || tasks >= 4 * threads;
  for (let headSpan = Math.min(heads, Math.max(1, Math.floor(mostHeads))); headSpan >= 1; headSpan--) {
    const tasks = sequences * Math.ceil(heads / headSpan);
    if (even(tasks, heads % headSpan === 0)) return { headSpan, sliceSpan: slices, tasks };
  }
  for (let sliceSpan = slices - 1; sliceSpan > 1; sliceSpan--) {
    const tasks = sequences * heads * Math.ceil(slices / sliceSpan);
    if (even(tasks, slices % sliceSpan === 0)) return { headSpan: 1, sliceSpan, tasks };
  }
  return { headSpan: 1, sliceSpan: 1, tasks: sequences * heads * slices };
}

/** Bytes of one head's weights in one chunk, as laid out in weights.as.ts. */
export function recordBytes(chunk: number): number {
  const tiles = Math.ceil(chunk / ROWS);
  return tiles * (tiles + 1) * 96 + tiles * 64 + 32;
}

/** A thread's scratch in the chunked form: in the first step scores and rows, in the second left and right sides and outputs of a chunk. */
export function scratchBytes(chunk: number, state: number, slices: number): number {
  const tiles = Math.ceil(chunk / ROWS);
  const scores = tiles * (tiles + 1) * 96 + 48 * state;
  const sides = tiles * (32 * state + 192 * (1 + 2 * slices));
  return scores + sides + 8192;
}
