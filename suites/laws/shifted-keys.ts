import * as fc from "fast-check";
import { attention } from "../../impls/attention/index.js";
import { specs } from "../problems/arbitrary.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Keys on this grid, and their sums with a shift below, are exact in every storage type. */
const GRID = 2 ** -3;

/** All logits of a query move together, by far: a softmax that does not subtract its maximum overflows or vanishes. */
export const shiftedKeys = defineLaw({
  name: "shifted-keys",
  states: "one vector added to every key changes no attention output",
  source: "a softmax forgets what is added to all of its logits; arXiv 1706.03762, equation (1)",
  operators: [attention],
  exact: [],
  cases: () =>
    fc.record({
      spec: specs(attention, { ordinary: true, work: 20_000 }),
      shift: fc.constantFrom(16, -16, 1, 4),
    }),
  describe: ({ shift }) => `keys on a grid, and the same plus ${shift}`,
  async holds({ spec, shift }, subject) {
    const problem = subject.problem(attention, spec);
    const keys = (added: number) =>
      withInputs(problem, {
        K: mapValues(given(problem, "K"), (key) => Math.round(key / GRID) * GRID + added),
      });
    const before = await subject.run(keys(0));
    const after = await subject.run(keys(shift));
    const found = difference({
      operator: attention,
      problem,
      output: "Y",
      got: after.values.Y,
      wanted: (i) => before.values.Y[i],
      tolerance: (i) => before.bounds.Y.certified[i] + after.bounds.Y.certified[i],
      what: `${shift} added to every element of every key`,
    });
    return found ? violated(found) : HOLDS;
  },
});
