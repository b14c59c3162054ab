/** Convolutions, long and short, and the gated norm. */
import { causalConv1d } from "../../../impls/causal_conv1d/operator.js";
import { convolution } from "../../../impls/convolution/operator.js";
import { givenProblem } from "../../../impls/operator.js";
import { rmsNormGated } from "../../../impls/rms_norm_gated/operator.js";
import * as parts from "../forms/block-parts.js";
import { direct, type fft } from "../forms/convolution.js";
import { coherent, type Subject, signed } from "../subject.js";

export function convolutionSubject(name: string, form: typeof fft, length: number): Subject {
  return {
    name: `convolution/${name}`,
    operator: convolution,
    sizes: { u: length, K: length },
    problem: (inputs) =>
      givenProblem(convolution, { dims: { batch: 1, length, heads: 1, headDim: 1 }, inputs }),
    draw: (_, random) => coherent(random),
    run(arithmetic, _, values) {
      const Y = new Float64Array(length);
      form(arithmetic, values as unknown as Parameters<typeof fft>[1], Y);
      return { Y };
    },
    longestSum: form === direct ? length : 0,
  };
}

export function shortConvolutionSubject(length: number): Subject {
  const dims = { batch: 1, length, heads: 1, headDim: 1, width: 4, past: 3 };
  return {
    name: "causal_conv1d/direct",
    operator: causalConv1d,
    sizes: { X: length, weight: 4, bias: 1 },
    problem: (inputs) => givenProblem(causalConv1d, { dims, inputs }),
    draw: (_, random) => 2 * signed(random),
    run(arithmetic, _, values) {
      const Y = new Float64Array(length);
      parts.causalConv1d(arithmetic, values as unknown as Parameters<typeof parts.causalConv1d>[1], Y);
      // a copy of the last inputs, oldest first
      const finalState = Float64Array.from({ length: 3 }, (_, i) => values.X[length - 3 + i] ?? 0);
      return { Y, finalState };
    },
    longestSum: 0,
  };
}

/** @param channels of the one token */
export function normSubject(channels: number): Subject {
  const eps = 2 ** -8;
  const dims = { batch: 1, length: 1, heads: 1, groups: 1, headDim: channels };
  return {
    name: "rms_norm_gated/fused",
    operator: rmsNormGated,
    sizes: { X: channels, weight: channels, bias: channels, z: channels },
    problem: (inputs) => givenProblem(rmsNormGated, { dims, inputs, settings: { eps } }),
    draw: (input, random) => (input === "z" ? 3 * signed(random) : signed(random)),
    run(arithmetic, _, values) {
      const Y = new Float64Array(channels);
      const inputs = values as unknown as Parameters<typeof parts.rmsNormGated>[1];
      parts.rmsNormGated(arithmetic, inputs, eps, Y);
      return { Y };
    },
    longestSum: 0,
  };
}
