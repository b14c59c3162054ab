/** The argument block of the masked attention kernels. */
import type { Room, Words } from "../../engines/wasm/room.js";
import type { WasmEngine } from "../../engines/wasm.js";
import type { Options } from "../../prepared.js";
import type { MaskedAttention } from "../operator.js";

/** In the order of class Args in arguments.as.ts. */
const fields = [
  "Q",
  "K",
  "V",
  "logGamma",
  "m",
  "logA",
  "Y",
  "length",
  "heads",
  "headDim",
  "headDimV",
  "points",
  "table",
  "parts",
] as const;
type Field = (typeof fields)[number];

export function argumentsOf(
  room: Room<MaskedAttention>,
  own: Partial<Record<"points" | "table" | "parts", number>>,
): Words<Field> {
  const { length, heads, headDim, headDimV } = room.problem.dims;
  return room.words(fields, {
    ...(room.address as Record<Field, number>),
    ...{ length, heads, headDim, headDimV, points: 0, table: 0, parts: 1 },
    ...own,
  });
}

/** One thread, and all that the engine has. */
export function threadOptions(_problem: unknown, { threads }: WasmEngine): readonly Options[] {
  return threads > 1 ? [{ threads: 1 }, { threads }] : [{ threads: 1 }];
}
