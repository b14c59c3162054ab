/** What implementations by a walk over tokens have in common: makes, roundings, sizes, work. */
import { ROUNDOFF, type Rounding } from "../../bound.js";
import type { CudaEngine } from "../../engines/cuda.js";
import type { ImplementationCost } from "../../implementation.js";
import type { Cost, Problem } from "../../operator.js";
import type { Asked } from "./asked.js";
import { type Cut, cutFor, MOST_STATE } from "./plan.js";

/** walk: once over time, unless channels are too few for the card; walk-split: always in segments. */
export const MAKES = ["walk", "walk-split"] as const;

/** Steps that are summed in f32; longer sums are in f64. */
const SUMMED = 4;

/** Multiprocessors of an H100 and shared memory of its workgroups; only what a row says of the form's own work depends on it. */
const CARD = { multiprocessors: 132, sharedBytes: 232_448 };

export function walkRounding(dtype: Problem["dtype"]): Rounding {
  return {
    // ex2.approx errs by two ulp of its result, four roundings: with product and sum six of the eight that the count grants
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: SUMMED,
    decay: "segsum",
  };
}

/** A sentence for what no walk takes. */
export function walkLacks(state: number, make: string = MAKES[0]): string | undefined {
  if (!(MAKES as readonly string[]).includes(make)) return `needs make ${MAKES.join(" or ")}, got ${make}`;
  return state <= MOST_STATE ? undefined : `needs state of at most ${MOST_STATE}, got ${state}`;
}

export function cutOn(engine: CudaEngine, asked: Asked, make: string | undefined): Cut {
  return cutFor(asked, engine.card.facts.attributes, make === "walk-split");
}

/** Of the form: what is split reads inputs twice and takes states of segments through memory. */
export function walkCost({ flops, bytes }: Cost, asked: Asked, make: string | undefined): ImplementationCost {
  const { segments } = cutFor(asked, CARD, make === "walk-split");
  if (segments === 1) return { flops, bytes, dispatches: 1 };
  // what goes in, steps and B again, and the states of segments written, read, written and read
  const { batch, length, heads, groups, headDim, state } = asked.dims;
  const storage = asked.dtype === "f32" ? 4 : 2;
  const steps = asked.sharedDecay ? 8 * heads : 4 * heads * headDim;
  const again = batch * length * (steps + (heads * headDim + groups * state) * storage);
  const borders = 16 * batch * segments * heads * headDim * state;
  return { flops: (5 / 3) * flops, bytes: bytes + again + borders, dispatches: 3 };
}
