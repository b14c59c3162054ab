/** The argument block of what stands in front of ssd's kernel, and where its results lie. */
import type { Room, Words } from "../../engines/wasm/room.js";
import type { Mamba3 } from "../operator.js";

/** In the order of class Args in layout.as.ts. */
export const fields = [
  "Q",
  "K",
  "V",
  "logA",
  "dt",
  "trap",
  "angles",
  "biasQ",
  "biasK",
  "D",
  "z",
  "initialAngles",
  "initialState",
  "initialK",
  "initialV",
  "Y",
  "finalAngles",
  "finalState",
  "finalK",
  "finalV",
  "length",
  "heads",
  "groups",
  "headDim",
  "state",
  "pairs",
  "first",
  "start",
  "tokens",
  "turnedQ",
  "turnedK",
  "own",
  "later",
  "turns",
  "firstState",
  "wideD",
] as const;
export type Field = (typeof fields)[number];

/** Angles of a vector; the sums of a head are padded to whole ones. */
const ANGLES = 4;

/**
 * @param tokens how many the turned keys and queries have room for, heads times so many rows
 * @returns the block, and the addresses of what is made
 */
export function argumentsOf(room: Room<Mamba3>, tokens: number) {
  const { dims, inputs } = room.problem;
  const { batch, length, heads, headDim, state, pairs } = dims;
  const rows = () => room.reserve(tokens * heads * state * 4);
  const weights = () => room.reserve(batch * length * heads * 4);
  const made = {
    turnedQ: rows(),
    turnedK: rows(),
    own: weights(),
    later: weights(),
    turns: room.reserve(batch * heads * Math.ceil(pairs / ANGLES) * ANGLES * 8),
    wideD: inputs.D ? room.reserve(heads * headDim * 4) : 0,
    firstState: inputs.initialState ? room.reserve(batch * heads * headDim * state * 4) : 0,
  };
  const sizes = { ...dims, first: 0, start: 0, tokens: 0 };
  const values = { ...room.address, ...sizes, ...made };
  const args: Words<Field> = room.words(fields, values as unknown as Record<Field, number>);
  return { args, made };
}

/** Tokens whose weights one task makes. */
export const WEIGHTS_SPAN = 256;

/** A turned key and query of one token, padded to whole vectors. */
export function turnScratchBytes(state: number): number {
  return 2 * Math.ceil(state / 8) * 32;
}
