/** Depthwise causal long convolution, the FFT curve of Figure 10. Equations, forms and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { contradiction } from "./reference/modes.js";
import { reference } from "./reference.js";

export const convolution = defineOperator({
  name: "convolution",
  dims: ["batch", "length", "heads", "headDim"],
  inputs: {
    u: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    K: { axes: ["heads", "headDim", "length"], random: "longKernel" },
    // The kernel as an LTI state space model with as many modes a channel as the head has channels:
    // K[h, p, j] = sum_n weights[h, p, n] poles[h, p, n]^j. Made by `ltiProblem`; K stands beside it and is what counts.
    poles: { axes: ["heads", "headDim", "headDim"], optional: true, f32: true, random: "coherent" },
    weights: { axes: ["heads", "headDim", "headDim"], optional: true, f32: true, random: "coherent" },
  },
  outputs: { Y: ["batch", "length", "heads", "headDim"] },
  settings: {},
  laneAxes: ["batch", "heads", "headDim"],
  laneCost: ({ dims }) => 4 * dims.length * (1 + Math.ceil(Math.log2(dims.length))),
  timed: "all transforms, the kernel's included",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // three real transforms of the padded length, 2.5 N log2 N each, and the product of the spectra
  cost: ({ dims, dtype }) => {
    const { batch, length, heads, headDim } = dims;
    const channels = heads * headDim;
    const padded = 2 ** Math.ceil(Math.log2(2 * length));
    const transforms = (2 * batch + 1) * channels;
    return {
      flops: transforms * 2.5 * padded * Math.log2(padded) + batch * channels * 3 * padded,
      bytes: elementCount([2 * batch + 1, length, channels]) * (dtype === "f32" ? 4 : 2),
    };
  },
  invalid(problem) {
    return contradiction(this, problem);
  },
});

export type Convolution = typeof convolution;
