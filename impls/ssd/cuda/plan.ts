/** How a problem is cut for the tensor cores: workgroups of two slices of 64 channels, segments of chunks, what each kernel holds. */
import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

export const CHUNK = 64;
/** Of a slice: what a warpgroup takes of one head. */
export const CHANNELS = 64;
export const THREADS = 256;
export const MOST_STATE = 256;
/** The table of segments' decays in pass_states has as many rows. */
export const MOST_SEGMENTS = 264;

/** States at the borders of segments: where each segment ends on its own, and where it begins. */
export interface Borders {
  readonly localHalf: boolean;
  readonly entryHalf: boolean;
}

/** Sizes that do not depend on the card. */
export interface Shape {
  /** Columns of the state, padded to what the kernels are compiled for. */
  readonly padded: 16 | 32 | 64 | 128 | 256;
  /** Slices of 64 channels a head, workgroups a group, workgroups a segment. */
  readonly slices: number;
  readonly pairs: number;
  readonly workgroups: number;
  readonly chunks: number;
  /** Every row of every tensor starts at a multiple of 16 bytes. */
  readonly wide: boolean;
}

export function shapeOf({ dims }: Problem<Ssd>): Shape {
  const { batch, length, heads, groups, headDim, state } = dims;
  const slices = Math.ceil(headDim / CHANNELS);
  const pairs = Math.ceil(((heads / groups) * slices) / 2);
  return {
    padded: ([16, 32, 64, 128] as const).find((columns) => state <= columns) ?? 256,
    slices,
    pairs,
    workgroups: batch * groups * pairs,
    chunks: Math.ceil(length / CHUNK),
    wide: headDim % 8 === 0 && state % 8 === 0,
  };
}

/** Chunks in flight and workgroups on a multiprocessor, as the kernels are compiled; measured: engines/cuda/NOTES.md. */
export interface Tuning {
  readonly states: { readonly slots: number; readonly resident: number };
  readonly output: {
    readonly slots: number;
    readonly resident: number;
    /** Products of a chunk are issued together: good for long ones, while short ones want the registers. */
    readonly together: boolean;
  };
}

const TUNINGS: Readonly<Record<Shape["padded"], Tuning>> = {
  16: {
    states: { slots: 4, resident: 2 },
    output: { slots: 4, resident: 2, together: false },
  },
  32: {
    states: { slots: 4, resident: 2 },
    output: { slots: 2, resident: 2, together: false },
  },
  64: {
    states: { slots: 4, resident: 2 },
    output: { slots: 2, resident: 2, together: false },
  },
  128: {
    states: { slots: 4, resident: 1 },
    output: { slots: 3, resident: 1, together: true },
  },
  256: {
    states: { slots: 4, resident: 1 },
    output: { slots: 2, resident: 1, together: true },
  },
};

/** Cards with less shared memory than Hopper's hold fewer chunks. */
export function tuningFor(padded: Shape["padded"], sharedBytes: number): Tuning {
  const { states, output } = TUNINGS[padded];
  const fitting = (wanted: number, ofOutput: boolean) => {
    let slots = wanted;
    while (slots > 2 && roomBytes(padded, slots, ofOutput) > sharedBytes) slots--;
    return slots;
  };
  return {
    states: { ...states, slots: fitting(states.slots, false) },
    output: { ...output, slots: fitting(output.slots, true) },
  };
}

/** Shared memory of a kernel: `Room` of chunked.kernels.cu. */
export function roomBytes(padded: number, slots: number, output: boolean): number {
  const tile = CHUNK * padded * 2;
  const slot = 2 * CHUNK * CHANNELS * 2 + (output ? 2 : 1) * tile;
  return slots * (slot + 2 * CHUNK * 8) + (output ? 2 * tile + 1024 : 64);
}

/** Segments that pay: below three, reading X twice costs more than workgroups that are too few. */
const FEWEST_SEGMENTS = 3;

/** @param resident workgroups that live on the card at a time */
export function segmentsFor({ chunks, workgroups }: Shape, resident: number): number {
  const segments = Math.min(chunks, MOST_SEGMENTS, Math.floor(resident / workgroups));
  return segments < FEWEST_SEGMENTS ? 1 : segments;
}

/** Of the states at the borders, the segments' decays and the counters. */
export function scratchBytes({ padded, workgroups }: Shape, segments: number, borders: Borders) {
  const elements = segments * workgroups * 2 * CHANNELS * padded;
  return {
    local: elements * (borders.localHalf ? 2 : 4),
    entry: elements * (borders.entryHalf ? 2 : 4),
    decays: segments * workgroups * 2 * 4,
  };
}
