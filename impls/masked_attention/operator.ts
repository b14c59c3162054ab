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
    // At most one of them, and it is the mask: retention, Toeplitz, 1-semiseparable. Without any the mask is causal.
    logGamma: { axes: ["heads"], optional: true, f32: true, random: "logDecay" },
    m: { axes: ["heads", "length"], optional: true, random: "longKernel" },
    logA: { axes: ["batch", "length", "heads"], optional: true, f32: true, random: "logDecay" },
  },
  outputs: { Y: ["batch", "length", "heads", "headDimV"] },
  settings: {},
  laneAxes: ["batch", "length", "heads"],
  laneCost: ({ dims }) => dims.length * (dims.headDim + dims.headDimV),
  reference: (problem, lanes) => reference(problem, lanes),
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
  invalid: ({ inputs }) => {
    const masks = ["logGamma", "m", "logA"].filter((name) => inputs[name as keyof typeof inputs]);
    return masks.length > 1 ? `one mask at a time, got ${masks.join(" and ")}` : undefined;
  },
});

export type MaskedAttention = typeof maskedAttention;
