/** Section 5: state space duality. One matrix, as a model with a state and as attention with a mask. */
import { maskedAttention } from "../../impls/masked_attention/operator.js";
import { givenProblem } from "../../impls/operator.js";
import { generators, semiseparable } from "./cases.js";
import { largestRatio, ssdProblem, ssmMatrix, sumOfBounds, worstRatio } from "./dense.js";
import { product } from "./matrices.js";
import { type AnyStatement, defineStatement } from "./statement.js";

export const recurrenceIsMatrix = defineStatement({
  name: "recurrence-is-matrix",
  section: "5.1",
  says: "An SSM with a scalar times the identity is Y = (L o C B^T) X, computed as a recurrence",
  of: ["ssd/recurrent"],
  cases: () => semiseparable(),
  async ratio(example, { run }) {
    const given = generators(example);
    const X = { rows: example.length, columns: example.channels, data: given.X };
    const model = await run("ssd/recurrent", ssdProblem(given, given.X));
    return worstRatio(model, "Y", product(ssmMatrix(given), X).data);
  },
});

export const attentionIsMatrix = defineStatement({
  name: "attention-form-is-matrix",
  section: "5.1, equation 16",
  says: "The same SSM in its quadratic form, the mask written down, is the same matrix",
  of: ["ssd/quadratic"],
  cases: () => semiseparable(),
  async ratio(example, { run }) {
    const given = generators(example);
    const X = { rows: example.length, columns: example.channels, data: given.X };
    const attention = await run("ssd/quadratic", ssdProblem(given, given.X));
    return worstRatio(attention, "Y", product(ssmMatrix(given), X).data);
  },
});

/** C, B, X of one side are Q, K, V of the other. */
export const duality = defineStatement({
  name: "duality",
  section: "5.3",
  says: "SSD is attention with a 1-semiseparable mask: C, B, X are Q, K, V and the decays are the mask",
  of: ["ssd/recurrent", "masked_attention/quadratic"],
  cases: () => semiseparable(),
  async ratio(example, { run }) {
    const { length, state, channels } = example;
    const { logA, B, C, X } = generators(example);
    const model = await run("ssd/recurrent", ssdProblem({ logA, B, C }, X));
    const attention = await run(
      "masked_attention/quadratic",
      givenProblem(maskedAttention, {
        dims: { batch: 1, length, heads: 1, headDim: state, headDimV: channels },
        inputs: { Q: C, K: B, V: X, logA },
      }),
    );
    return largestRatio(model.values.Y, attention.values.Y, sumOfBounds(model.bounds.Y, attention.bounds.Y));
  },
});

export const section5: readonly AnyStatement[] = [recurrenceIsMatrix, attentionIsMatrix, duality];
