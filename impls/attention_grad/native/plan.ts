/** The native kernel's arguments, for a problem or for the map inside of a block. */
import { attentionScale } from "../../attention/operator.js";
import { visibleTables } from "../../attention/reference/tables.js";
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import type { AttentionGrad } from "../operator.js";

/** As problem.h has them. */
const BLOCK = 48;
const SEGMENT = 8 * BLOCK;

export function tiledPlan(
  { lanes }: NativeEngine,
  room: Pick<NativeRoom<AttentionGrad>, "problem" | "reserve" | "floats">,
  threads: number,
): Plan {
  const { problem } = room;
  const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
  const whole = (channels: number) => Math.ceil(channels / lanes) * lanes;
  const widths = whole(headDim) + whole(headDimV);
  const statistic = () => room.reserve(4 * batch * heads * length);
  return {
    kernel: new URL("./tiled.c", import.meta.url),
    values: {
      scale: attentionScale(problem),
      ...visibleTables(room, problem),
      packs: room.reserve(
        4 * batch * groups * Math.ceil(context / BLOCK) * BLOCK * (headDim + headDimV + widths),
      ),
      references: statistic(),
      factors: statistic(),
      products: statistic(),
    },
    threads,
    scratchBytes: 4 * (BLOCK * (widths + whole(headDim)) + 2 * BLOCK * BLOCK + SEGMENT * widths),
  };
}
