/** Linear attention under a structured mask, Y = (L o Q K^T) V: the quadratic side of the duality. Equations, masks, bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const maskedAttention = defineOperator({
  name: "masked_attention",
  dims: ["batch", "length", "heads", "headDim", "headDimV"],
  inputs: {
    Q: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    K: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    V: { axes: ["batch", "length", "heads", "headDimV"], random: "coherent" },
    // Retention, Toeplitz, 1-semiseparable: the mask is the product of those that a problem has; causal without any
    logGamma: { axes: ["heads"], optional: true, f32: true, random: "logDecay" },
    m: { axes: ["heads", "length"], optional: true, random: "longKernel" },
    logA: { axes: ["batch", "length", "heads"], optional: true, f32: true, random: "logDecay" },
  },
  outputs: { Y: ["batch", "length", "heads", "headDimV"] },
  settings: {},
  laneAxes: ["batch", "length", "heads"],
  laneCost: ({ dims }) => dims.length * (dims.headDim + dims.headDimV),
  timed: "mask included",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the pairs of tokens; or, under any mask but a Toeplitz one, a state of headDim x headDimV updated and read for each token
  cost: ({ dims, inputs, dtype }) => {
    const { batch, length, heads, headDim, headDimV } = dims;
    const pairs = length * (length + 1) * (headDim + headDimV);
    const states = inputs.m ? Number.POSITIVE_INFINITY : 4 * length * headDim * headDimV;
    const bytes = Object.entries(inputs).reduce((sum, [name, source]) => {
      const f32 = dtype === "f32" || name === "logGamma" || name === "logA";
      return sum + (source ? elementCount(source.shape) * (f32 ? 4 : 2) : 0);
    }, 0);
    const output = batch * length * heads * headDimV * (dtype === "f32" ? 4 : 2);
    return { flops: batch * heads * Math.min(pairs, states), bytes: bytes + output };
  },
});

export type MaskedAttention = typeof maskedAttention;
