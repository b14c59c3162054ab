/** Attention, and its structured relative: one head of two channels, values of one. */
import { type Attention, attention } from "../../../impls/attention/operator.js";
import { maskedAttention } from "../../../impls/masked_attention/operator.js";
import { givenProblem, type Problem } from "../../../impls/operator.js";
import { type AttentionValues, eachRow, type RowForm } from "../forms/attention.js";
import { type MaskedValues, quadratic } from "../forms/masked-attention.js";
import { logDecay, type Subject, signed } from "../subject.js";

/** @param rescaled how often the form rescales what it has */
export function attentionSubject(name: string, form: RowForm, keys: number, rescaled: number): Subject {
  const headDim = 2;
  const dims = { batch: 1, length: keys, context: keys, heads: 1, groups: 1, headDim, headDimV: 1 };
  return {
    name: `attention/${name}`,
    operator: attention,
    sizes: { Q: headDim * keys, K: headDim * keys, V: keys },
    problem: (inputs) => givenProblem(attention, { dims, inputs }),
    draw: (input, random) => (input === "Q" ? 3 * signed(random) : signed(random)),
    run(arithmetic, problem, values) {
      const Y = new Float64Array(keys);
      eachRow(problem as Problem<Attention>, values as unknown as AttentionValues, Y, arithmetic, form);
      return { Y };
    },
    longestSum: keys + 4 * rescaled,
  };
}

export function maskedSubject(length: number): Subject {
  const headDim = 2;
  const dims = { batch: 1, length, heads: 1, headDim, headDimV: 1 };
  return {
    name: "masked_attention/quadratic",
    operator: maskedAttention,
    sizes: { Q: headDim * length, K: headDim * length, V: length, logA: length },
    problem: (inputs) => givenProblem(maskedAttention, { dims, inputs }),
    draw: (input, random, u) => (input === "logA" ? logDecay(random, u) : signed(random)),
    run(arithmetic, _, values) {
      const Y = new Float64Array(length);
      quadratic(arithmetic, values as unknown as MaskedValues, headDim, Y);
      return { Y };
    },
    longestSum: length,
  };
}
