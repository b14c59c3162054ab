/** Short depthwise causal convolution, the one in front of a Mamba block's sequence map. Equations, settings and the bound: README.md. */
import { documentsInput } from "../documents.js";
import { defineOperator, inputDtype, outputSize } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const causalConv1d = defineOperator({
  name: "causal_conv1d",
  // past: the tokens before the current one that a filter of `width` taps sees
  dims: ["batch", "length", "heads", "headDim", "width", "past"],
  inputs: {
    X: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    // the last tap meets the current token
    weight: { axes: ["heads", "headDim", "width"], f32: true, random: "coherent" },
    bias: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    // the tokens before the first one, oldest first
    initialState: { axes: ["batch", "heads", "headDim", "past"], optional: true, random: "coherent" },
    // an initial state stands for tokens of document 0
    documents: documentsInput,
  },
  outputs: {
    Y: ["batch", "length", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "past"],
  },
  settings: { silu: true as boolean },
  laneAxes: ["batch", "heads", "headDim"],
  laneCost: ({ dims }) => dims.length * dims.width,
  timed: "bias, SiLU and the final state included",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // a multiply-add a tap; SiLU as four operations
  cost(problem) {
    const { batch, length, heads, headDim, width } = problem.dims;
    const bytesOf = (f32: boolean) => (f32 || problem.dtype === "f32" ? 4 : 2);
    const inputs = Object.entries(problem.inputs).map(([name, source]) =>
      source ? elementCount(source.shape) * bytesOf(inputDtype(this, problem, name) === "f32") : 0,
    );
    const outputs = ["Y", "finalState"].map((name) => outputSize(this, problem, name) * bytesOf(false));
    const elements = batch * length * heads * headDim;
    return {
      flops: elements * (2 * width + (problem.inputs.bias ? 1 : 0) + (problem.settings.silu ? 4 : 0)),
      bytes: [...inputs, ...outputs].reduce((sum, bytes) => sum + bytes, 0),
    };
  },
  invalid: ({ dims: { width, past } }) =>
    width >= 2 && width <= 4 && past === width - 1
      ? undefined
      : `width must be 2, 3 or 4 and past one less, got width=${width} past=${past}`,
});

export type CausalConv1d = typeof causalConv1d;
