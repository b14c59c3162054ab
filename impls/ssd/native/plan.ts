/** How a run of the native kernels is cut into tasks, and the memory of each. */
import type { NativeEngine } from "../../engines/native.js";
import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

/** Channels of a slice, as problem.h has it: as many as fill the registers of a tile. */
export function sliceWidth({ isa, lanes }: NativeEngine): number {
  return lanes * (isa === "avx2" ? 2 : 4);
}

/** Slices of all heads of one sequence. */
export function slicesOf(engine: NativeEngine, { dims }: Problem<Ssd>): number {
  return dims.heads * Math.ceil(dims.headDim / sliceWidth(engine));
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
