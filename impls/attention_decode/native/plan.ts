/** The native kernel's arguments, for a problem or for the map inside of a block. */
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import { type AttentionDecode, attentionScale, firstKey } from "../operator.js";

/** Keys of a span, as in tiled.c. */
const SPAN = 512;

/** Most sums behind each other: a span's keys, then the spans, each shrunk once. */
export function longestSum(context: number): number {
  return Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN);
}

export function tiledPlan(
  { lanes }: NativeEngine,
  room: Pick<NativeRoom<AttentionDecode>, "problem" | "reserve">,
  threads: number,
): Plan {
  const { problem } = room;
  const { batch, context, heads, headDim, headDimV } = problem.dims;
  const first = firstKey(problem);
  const spans = Math.ceil((context - first) / SPAN);
  const padded = (channels: number) => Math.ceil(channels / lanes) * lanes;
  return {
    kernel: new URL("./tiled.c", import.meta.url),
    values: {
      first,
      spans,
      scale: attentionScale(problem) * Math.LOG2E,
      parts: room.reserve(4 * batch * heads * spans * (lanes + padded(headDimV))),
    },
    threads,
    scratchBytes: 4 * heads * (padded(headDim) + SPAN),
  };
}
