import { attention } from "../../impls/attention/index.js";
import { visibleKeys } from "../../impls/attention/reference/visible.js";
import { inputReader } from "../../impls/operator.js";
import { specs } from "../problems/arbitrary.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Softmax weights are positive and sum to one: an output is a mean of the values its query may see. */
export const attentionRange = defineLaw({
  name: "attention-range",
  states: "an attention output lies between the least and the largest value that its query may see",
  source: "softmax weights are a probability distribution; Vaswani et al., arXiv 1706.03762, equation (1)",
  operators: [attention],
  exact: [],
  cases: () => specs(attention, { work: 60_000 }).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const problem = subject.problem(attention, spec);
    const { batch, length, context, heads, groups, headDimV } = problem.dims;
    const { values, bounds } = await subject.run(problem);
    const V = inputReader(attention, problem, "V")!;
    const { first, end } = visibleKeys(problem);
    for (let b = 0, i = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        for (let h = 0; h < heads; h++) {
          const group = Math.floor(h / (heads / groups));
          for (let p = 0; p < headDimV; p++, i++) {
            const row = b * length + t;
            // a query that sees nothing gives 0
            let least = first[row] < end[row] ? Number.POSITIVE_INFINITY : 0;
            let largest = first[row] < end[row] ? Number.NEGATIVE_INFINITY : 0;
            for (let s = first[row]; s < end[row]; s++) {
              const value = V.at(b * context + s, group * headDimV + p);
              least = Math.min(least, value);
              largest = Math.max(largest, value);
            }
            const slack = bounds.Y.certified[i];
            if (values.Y[i] >= least - slack && values.Y[i] <= largest + slack) continue;
            return violated(
              `Y[batch=${b} length=${t} heads=${h} headDimV=${p}] is ${values.Y[i]}, ` +
                `outside ${least} to ${largest} by more than ${slack.toPrecision(3)}`,
            );
          }
        }
      }
    }
    return HOLDS;
  },
});
