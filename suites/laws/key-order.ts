import * as fc from "fast-check";
import { attention } from "../../impls/attention/index.js";
import { specs } from "../problems/arbitrary.js";
import { alongAxis, given, mapValues, range, take, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Few queries, and more keys than a tile holds; Q is enlarged, so that the largest score of a later tile exceeds an earlier one's. */
export const keyOrder = defineLaw({
  name: "key-order",
  states: "keys with their values in reverse order give the same attention output",
  source:
    "a sum over a set; an online softmax meets its maximum late or early: arXiv 2205.14135, section 3.1",
  operators: [attention],
  exact: [],
  cases: () =>
    fc
      .record({
        spec: specs(attention, {
          ordinary: true,
          work: 20_000,
          settings: { causal: false, window: 0 },
          without: ["documents"],
        }),
        context: fc.constantFrom(200, 33, 65, 97, 129, 257),
        exponent: fc.constantFrom(3, 0, 2),
      })
      .map(({ spec, context, exponent }) => ({
        spec: { ...spec, dims: { ...spec.dims, length: 1 + (spec.dims.length % 8), context } },
        exponent,
      })),
  describe: ({ exponent }) => `Q times 2^${exponent}, keys reversed`,
  async holds({ spec, exponent }, subject) {
    const drawn = subject.problem(attention, spec);
    const problem = withInputs(drawn, { Q: mapValues(given(drawn, "Q"), (q) => q * 2 ** exponent) });
    const reversed = alongAxis(problem, ["context"], (source, axis) =>
      take(source, axis, range(0, spec.dims.context).reverse()),
    );
    const before = await subject.run(problem);
    const after = await subject.run(reversed);
    const found = difference({
      operator: attention,
      problem,
      output: "Y",
      got: after.values.Y,
      wanted: (i) => before.values.Y[i],
      tolerance: (i) => before.bounds.Y.certified[i] + after.bounds.Y.certified[i],
      what: "keys reversed",
    });
    return found ? violated(found) : HOLDS;
  },
});
