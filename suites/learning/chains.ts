/**
 * A generated language: every sequence is a walk over symbols by a table of its own. Behind a symbol comes its first successor with
 * probability 3/4 and else its second; both were drawn for this sequence alone, so that nothing but the sequence itself tells them. A model
 * must find where a symbol stood before and what came behind it (an induction head), more than once.
 */
import { unit } from "../../impls/learning/draws.js";
import { hashAt, streamKeys } from "../../impls/random.js";
import type { Examples } from "./examples.js";

export interface ChainSizes {
  readonly length: number;
  readonly symbols: number;
}

/** Of the first successor. */
export const LIKELY = 0.75;

/** Nats of a step for whoever knows the table: the least mean loss that anything can reach in the long run. */
export const ENTROPY = -(LIKELY * Math.log(LIKELY) + (1 - LIKELY) * Math.log(1 - LIKELY));

/** Examples `first` to `first + count - 1` of a seed; every token is asked for the next one. */
export function chainExamples(
  { length, symbols }: ChainSizes,
  seed: number,
  first: number,
  count: number,
): Examples {
  const tokens = new Int32Array(count * length);
  const targets = new Int32Array(count * length);
  const [table, steps] = ["table", "steps"].map((name) => streamKeys(seed, `chains.${name}`));
  const below = (h: number, most: number) => Math.floor(unit(h) * most);
  for (let i = 0; i < count; i++) {
    const row = first + i;
    // two different successors of each symbol
    const next = Array.from({ length: symbols }, (_, symbol) => {
      const likely = below(hashAt(table, row, 2 * symbol), symbols);
      return [likely, (likely + 1 + below(hashAt(table, row, 2 * symbol + 1), symbols - 1)) % symbols];
    });
    let symbol = below(hashAt(steps, row, 0), symbols);
    for (let t = 0; t < length; t++) {
      tokens[i * length + t] = symbol;
      symbol = next[symbol][unit(hashAt(steps, row, t + 1)) < LIKELY ? 0 : 1];
      targets[i * length + t] = symbol;
    }
  }
  return { count, length, tokens, targets };
}
