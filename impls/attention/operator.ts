/** Softmax attention with grouped heads, the map that ssd is held against. Equations, forms and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export { attentionScale } from "./reference.js";

export const attention = defineOperator({
  name: "attention",
  dims: ["batch", "length", "context", "heads", "groups", "headDim", "headDimV"],
  inputs: {
    Q: { axes: ["batch", "length", "heads", "headDim"], random: "signed8" },
    K: { axes: ["batch", "context", "groups", "headDim"], random: "signed" },
    V: { axes: ["batch", "context", "groups", "headDimV"], random: "coherent" },
  },
  outputs: { Y: ["batch", "length", "heads", "headDimV"] },
  /** scale 0 stands for 1 / sqrt(headDim); a kernel asks `attentionScale`. */
  settings: { causal: true as boolean, scale: 0 as number },
  laneAxes: ["batch", "length", "heads"],
  laneCost: ({ dims }) => dims.context * (dims.headDim + dims.headDimV),
  timed: "scale, mask and softmax",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // one multiply-add for each channel of q . k and of p v, over the pairs that may see each other
  cost: ({ dims, inputs, dtype, settings }) => {
    const { batch, length, context, heads, headDim, headDimV } = dims;
    const pairs = settings.causal ? (length * (length + 1)) / 2 : length * context;
    const values = Object.values(inputs).reduce((sum, source) => sum + elementCount(source!.shape), 0);
    return {
      flops: 2 * batch * heads * pairs * (headDim + headDimV),
      bytes: (values + batch * length * heads * headDimV) * (dtype === "f32" ? 4 : 2),
    };
  },
  invalid: ({ dims, settings }) => {
    if (dims.heads % dims.groups !== 0)
      return `groups must divide heads, got groups=${dims.groups} heads=${dims.heads}`;
    if (settings.causal && dims.length !== dims.context)
      return `causal needs context equal to length, got context=${dims.context} length=${dims.length}`;
    return Number.isFinite(settings.scale)
      ? undefined
      : `scale must be a finite number, got ${settings.scale}`;
  },
});

export type Attention = typeof attention;
