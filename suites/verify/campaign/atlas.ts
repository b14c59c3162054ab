/** Where errors come nearest to their bounds: the worst case of every implementation by length, state, chunk and kind of decay. */
import { operatorNamed } from "../../../impls/index.js";
import type { Spec } from "../../problems/spec.js";
import { formatToken, type Token } from "../token.js";

export const AXES = ["length", "state", "chunk", "decay"] as const;
export type AtlasAxis = (typeof AXES)[number];

export interface Cell {
  readonly implementation: string;
  readonly axis: AtlasAxis;
  /** A kind of decay, or a size rounded up to a power of two. */
  readonly bin: string;
  readonly cases: number;
  /** Largest error over its certified bound. */
  readonly worst: number;
  /** The case behind it, to be run again. */
  readonly token: string;
}

export interface Atlas {
  add(implementation: string, spec: Spec, chunk: number | undefined, ratio: number, token: Token): void;
  cells(): Cell[];
}

export function atlasOf(): Atlas {
  const cells = new Map<string, Cell>();
  return {
    add(implementation, spec, chunk, ratio, token) {
      for (const [axis, bin] of binsOf(spec, chunk)) {
        const one = { implementation, axis, bin, cases: 1, worst: ratio, token: formatToken(token) };
        join(cells, one);
      }
    },
    cells: () => [...cells.values()],
  };
}

/** Cells of several parts of a run as those of the whole. */
export function joined(parts: Iterable<readonly Cell[]>): Cell[] {
  const cells = new Map<string, Cell>();
  for (const part of parts) for (const cell of part) join(cells, cell);
  return [...cells.values()];
}

function join(cells: Map<string, Cell>, cell: Cell): void {
  const key = `${cell.implementation} ${cell.axis} ${cell.bin}`;
  const known = cells.get(key);
  if (!known) cells.set(key, cell);
  else cells.set(key, { ...(cell.worst > known.worst ? cell : known), cases: known.cases + cell.cases });
}

function binsOf({ dims, decay, operator }: Spec, chunk: number | undefined): [AtlasAxis, string][] {
  const { length, context, state, headDim } = dims;
  const tokens = length ?? context;
  return [
    ...sizeBin("length", tokens),
    // what attention keeps of a token is as wide as its head
    ...sizeBin("state", state ?? (operator.includes("attention") ? headDim : undefined)),
    ...sizeBin("chunk", chunk),
    ...(decays(operator) ? [["decay", decay] as [AtlasAxis, string]] : []),
  ];
}

/** Whether an operator has inputs that a kind of decay is drawn for. */
function decays(operator: string): boolean {
  const inputs: readonly { readonly random: unknown }[] = Object.values(operatorNamed(operator).inputs);
  return inputs.some(({ random }) => random === "logDecay" || random === "channelDecay");
}

function sizeBin(axis: AtlasAxis, size: number | undefined): [AtlasAxis, string][] {
  return size === undefined ? [] : [[axis, String(2 ** Math.ceil(Math.log2(size)))]];
}
