/** How a run of the native kernels is cut into tasks, and the memory of each. */

import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import type { Problem } from "../../operator.js";
import { NOTHING_MADE, placeSteps } from "../cpu/made.js";
import { skipOf } from "../cpu/skip.js";
import type { Ssd } from "../operator.js";

/** What of a room the plans need: a block gives its own for the map inside. */
export type SsdRoom = Pick<NativeRoom<Ssd>, "problem" | "address" | "reserve" | "floats" | "madeOf">;

/** A kernel: its source, vectors of channels that it works on at once, and floats of a thread beside the states. */
interface Kernel {
  readonly kernel: URL;
  readonly vectors: number;
  readonly work: number;
}

/** Of the chunked form, as work.h has them. */
export const CHUNK = 8;
const CHUNKS = 16;
const PAIRS = (CHUNK * (CHUNK + 1)) / 2;
const PADDED = 48;

/** Vectors of a slice in the chunked form. */
export function vectorsOf({ isa }: NativeEngine): number {
  return isa === "avx2" ? 2 : 4;
}

/** Floats of a thread's work in the chunked form, beside the states. */
export function workFloats(engine: NativeEngine, state: number): number {
  const scores = (2 * PADDED + PAIRS + 2 * CHUNK) * CHUNKS;
  return scores + CHUNK * (3 * vectorsOf(engine) * engine.lanes + 2 * state);
}

/** Threads to offer: one, and as many as there are if the problem has that many slices. */
export function threadsFor(
  engine: NativeEngine,
  { dims }: { readonly dims: Pick<Problem<Ssd>["dims"], "batch" | "heads" | "headDim"> },
  vectors: number,
): readonly number[] {
  const threads = Math.min(
    engine.threads,
    dims.batch * dims.heads * Math.ceil(dims.headDim / (vectors * engine.lanes)),
  );
  return threads > 1 ? [1, threads] : [1];
}

/** @param kernel `work` is how many floats of its own a thread has */
export function planOf(
  engine: NativeEngine,
  room: SsdRoom,
  { kernel, vectors, work }: Kernel,
  threads: number,
): Plan {
  const { batch, heads, headDim, state } = room.problem.dims;
  const width = vectors * engine.lanes;
  const { span, runs } = runsOf(heads * Math.ceil(headDim / width), batch, threads);
  return {
    kernel,
    values: { D: skipOf(room), span, runs, ...(placeSteps(room) ?? NOTHING_MADE) },
    threads,
    // the step in front keeps two tables of a vector's tokens
    scratchBytes: 4 * Math.max(work + engine.lanes + span * (state * width + 1), 2 * heads * engine.lanes),
  };
}

/**
 * Slices that a task takes, and tasks a sequence. Slices of a task share the products of C with B, and heads that walk together share rows:
 * so no more tasks than threads, as long as that shares the work evenly.
 */
export function runsOf(slices: number, batch: number, threads: number): { span: number; runs: number } {
  if (threads === 1) return { span: slices, runs: 1 };
  const even = Math.ceil(threads / batch);
  const wanted = batch % threads === 0 ? 1 : slices % even === 0 ? even : 4 * even;
  const span = Math.ceil(slices / Math.min(slices, wanted));
  return { span, runs: Math.ceil(slices / span) };
}
