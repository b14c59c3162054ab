/**
 * Shapes that the grids of the suites do not have, few enough to be run before every timing: several batches, heads in groups, sizes
 * that no tile divides, lengths around a chunk, every optional input. awkward.ts has the long list.
 */
import type { AnyOperator } from "../../impls/operator.js";
import { type Awkward, awkwardList, optionalInputs, pairOf } from "./awkward.js";

/** Enough for attention over the longest; the reference takes a tenth of a second for it. */
const WORK = 2e6;

export function awkwardShapes(operator: AnyOperator): readonly Awkward[] {
  const { all, add } = awkwardList(operator, WORK);
  const has = (dim: string) => (operator.dims as readonly string[]).includes(dim);
  // batches and groups meet in the first problem, where most that is wrong with indices shows
  if (has("groups")) {
    add("three batches, six heads in two groups", { batch: 3, heads: 6, length: 65 }, {}, 1);
    add("three batches, six heads in three groups", { batch: 3, heads: 6, length: 63 }, {}, 2);
    add("six heads in one group", { heads: 6, length: 33 }, {}, 0);
    add("five heads in one group", { batch: 3, heads: 5, length: 33 }, {}, 0);
    add("five heads, as many groups", { heads: 5, length: 33 }, {}, 1);
  } else {
    add("three batches, six heads", { batch: 3, heads: 6, length: 65 });
    add("three batches, five heads", { batch: 3, heads: 5, length: 63 });
  }
  for (const length of [1, 63, 65, 257]) add(`length ${length}`, { length, batch: 1, heads: 2 });
  const optional = optionalInputs(operator);
  if (optional.length > 1)
    add(
      "every option",
      { batch: 3, heads: 6, length: 37 },
      { with: optional.flatMap((name) => pairOf(operator, name)) },
    );
  for (const name of optional) add(`with ${name}`, { length: 37 }, { with: pairOf(operator, name) });
  for (const headDim of [1, 48, 80])
    add(`headDim ${headDim}`, { headDim, headDimV: headDim, batch: 1, heads: 2, length: 33 });
  if (has("state"))
    for (const state of [1, 96]) add(`state ${state}`, { state, batch: 1, heads: 2, length: 33 });
  return all;
}
