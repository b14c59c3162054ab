/** One query of softmax attention for every sequence of a batch, over the keys and values so far. Equations and the bound: README.md. */
import { attention } from "../attention/operator.js";
import { defineOperator, outputSize } from "../operator.js";
import { elementCount } from "../tensor.js";
import { firstKey, reference } from "./reference.js";

export { attentionScale } from "../attention/operator.js";
export { firstKey } from "./reference.js";

export const attentionDecode = defineOperator({
  name: "attention_decode",
  // context: tokens before this one, whose keys and values are kept
  dims: ["batch", "context", "heads", "groups", "headDim", "headDimV"],
  inputs: {
    Q: { axes: ["batch", "heads", "headDim"], random: "signed8" },
    K: { axes: ["batch", "context", "groups", "headDim"], random: "signed" },
    V: { axes: ["batch", "context", "groups", "headDimV"], random: "coherent" },
    // of the new token, which sees itself too
    k: { axes: ["batch", "groups", "headDim"], random: "signed" },
    v: { axes: ["batch", "groups", "headDimV"], random: "coherent" },
  },
  outputs: { Y: ["batch", "heads", "headDimV"] },
  /** scale 0 stands for 1 / sqrt(headDim); of a window of w the last w tokens are seen, the new one included; 0: all. */
  settings: { scale: 0 as number, window: 0 as number },
  laneAxes: ["batch", "heads"],
  laneCost: ({ dims }) => (dims.context + 1) * (dims.headDim + dims.headDimV),
  timed: "one token: scale and softmax; its key and value lie beside the cache and are not written into it",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // one multiply-add for each channel of q . k and of p v; every key and value that is seen is read once
  cost(problem) {
    const { inputs, dims, dtype } = problem;
    const { batch, context, heads, headDim, headDimV } = dims;
    const seen = context - firstKey(problem);
    const elements = Object.values(inputs).reduce(
      (sum, source) => {
        const isCache = source!.axes.includes("context");
        return sum + elementCount(source!.shape) * (isCache ? seen / context : 1);
      },
      outputSize(this, problem, "Y"),
    );
    return {
      flops: 2 * batch * heads * (seen + 1) * (headDim + headDimV),
      bytes: elements * (dtype === "f32" ? 4 : 2),
    };
  },
  invalid: ({ dims, settings }) =>
    attention.invalid!({
      dims: { ...dims, length: 1 },
      inputs: {},
      settings: { ...settings, causal: false },
    } as never),
});

export type AttentionDecode = typeof attentionDecode;
