/** One token as a kernel of its own: how many lanes share a channel's state, how many channels a thread has on their way. */
import { type Asked, problemDefines } from "./asked.js";
import type { Card } from "./plan.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("./steps.cu", import.meta.url),
  new URL("./walk.problem.cu", import.meta.url),
  new URL("./step.cu", import.meta.url),
];

export interface StepCut {
  readonly threads: number;
  /** Neighbours that share a channel. */
  readonly lanes: number;
  /** Of four columns each, a lane. */
  readonly quads: number;
  /** Channels of a thread. */
  readonly rows: number;
}

/** As step.cu has it. */
const THREADS = 128;
/** Of a thread: more would take its registers. */
const MOST_QUADS = 4;
/** Threads of a multiprocessor below which a thread takes one channel: then there are more of them. */
const BUSY_THREADS = 1024;

/** @returns undefined where a walk takes the problem */
export function stepCut(
  { dims, documents, constantB, constantC }: Asked,
  { multiprocessors }: Pick<Card, "multiprocessors">,
): StepCut | undefined {
  const { batch, length, heads, headDim, state } = dims;
  if (length > 1 || documents || constantB || constantC || state % 4 !== 0) return undefined;
  const lanes = Math.min(32, 2 ** Math.ceil(Math.log2(state / 4)));
  const quads = Math.ceil(state / 4 / lanes);
  if (quads > MOST_QUADS) return undefined;
  const busy = batch * heads * headDim * lanes >= (BUSY_THREADS / 2) * MOST_QUADS * multiprocessors;
  return { threads: THREADS, lanes, quads, rows: busy ? Math.floor(MOST_QUADS / quads) : 1 };
}

/** The source of the launch, and the definitions it is compiled with. */
export function stepSource(asked: Asked, { lanes, quads, rows }: StepCut) {
  return {
    libraries: ["elements"] as const,
    urls,
    entry: "step",
    plain: true,
    defines: { ...problemDefines(asked, true), LANES: lanes, QUADS: quads, ROWS: rows },
  };
}
