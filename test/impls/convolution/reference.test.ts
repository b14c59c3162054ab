/** The float64 reference of the convolution against the sum written out, impulses and hand-computed taps, short and long. */
import { describe, expect, it } from "vitest";
import { convolution } from "../../../impls/convolution/operator.js";
import { convolveByFft } from "../../../impls/convolution/reference/fft64.js";
import { ltiProblem } from "../../../impls/convolution/reference/lti.js";
import { givenProblem, randomProblem } from "../../../impls/operator.js";
import { toFloat32 } from "../../../impls/tensor.js";
import { peakError, referenceOutputs } from "../truth.js";

const one = { batch: 1, length: 4, heads: 1, headDim: 1 };

/** sum_j K_j u_(t-j) at one token of one channel. */
function direct(u: ArrayLike<number>, K: ArrayLike<number>, t: number): number {
  let y = 0;
  for (let j = 0; j <= t; j++) y += K[j] * u[t - j];
  return y;
}

describe("the convolution's reference", () => {
  it("computes a hand-made example", () => {
    const problem = givenProblem(convolution, {
      dims: one,
      dtype: "f64",
      inputs: { u: [1, 2, 0, -1], K: [3, 1, 0, 10] },
    });
    expect([...referenceOutputs(convolution, problem).Y]).toEqual([3, 7, 2, 7]);
  });

  it("keeps batches, heads and channels apart", () => {
    const dims = { batch: 2, length: 9, heads: 3, headDim: 2 };
    const problem = randomProblem(convolution, { dims, seed: 2 });
    const [u, K] = [toFloat32(problem.inputs.u!, "f32"), toFloat32(problem.inputs.K!, "f32")];
    const wanted = Float64Array.from({ length: 108 }, (_, i) => {
      const [b, t, c] = [Math.floor(i / 54), Math.floor(i / 6) % 9, i % 6];
      const signal = Array.from({ length: 9 }, (_, s) => u[(b * 9 + s) * 6 + c]);
      return direct(signal, K.subarray(c * 9), t);
    });
    expect(peakError(referenceOutputs(convolution, problem).Y, wanted)).toBeLessThan(1e-14);
  });

  it.each([513, 1000, 4096])("transforms %d tokens as the sum does", (length) => {
    const problem = randomProblem(convolution, { dims: { ...one, length }, seed: length });
    const [u, K] = [toFloat32(problem.inputs.u!, "f32"), toFloat32(problem.inputs.K!, "f32")];
    const got = referenceOutputs(convolution, problem).Y;
    for (const t of [0, 1, 511, 512, length - 2, length - 1])
      expect(Math.abs(got[t] - direct(u, K, t))).toBeLessThan(1e-13 * length);
  });

  it("answers an impulse with the kernel behind it, and nothing before it", () => {
    const length = 2000;
    const kernel = Float64Array.from({ length }, (_, j) => 1 / (1 + j));
    const signal = new Float64Array(length);
    signal[1500] = -2;
    const got = convolveByFft(signal, kernel);
    const wanted = signal.map((_, t) => (t < 1500 ? 0 : -2 / (1 + t - 1500)));
    expect(peakError(got, wanted)).toBeLessThan(1e-14);
  });

  it("does not let a large kernel drown a small signal", () => {
    const { inputs } = randomProblem(convolution, { dims: { ...one, length: 600 } });
    const [u, K] = [toFloat32(inputs.u!, "f32"), toFloat32(inputs.K!, "f32")].map((x) =>
      Float64Array.from(x),
    );
    const got = convolveByFft(
      u.map((x) => x * 2 ** -60),
      K.map((x) => x * 2 ** 60),
    );
    expect([...got]).toEqual([...convolveByFft(u, K)]);
  });

  it("makes the kernel of an LTI model", () => {
    const problem = ltiProblem({
      dims: { batch: 1, length: 3, heads: 1, headDim: 2 },
      u: [1, 1, 0, 0, 0, 0],
      poles: [0.5, -1, 1, 0],
      weights: [2, 1, 3, 4],
    });
    // channel 0: 2 (1/2)^j + (-1)^j; channel 1: 3 + 4 at the first tap only (0^0 = 1)
    expect([...referenceOutputs(convolution, problem).Y]).toEqual([3, 7, 0, 3, 1.5, 3]);
  });

  it.each([
    [{ poles: [0.5], weights: [1], K: [1, 0.5, 0.25, 9] }, "K must be the kernel of poles and weights"],
    [{ poles: [0.5], K: [1, 0.5, 0.25, 0.125] }, "poles and weights come together, got poles alone"],
    [{ poles: [1.5], weights: [1], K: [1, 1.5, 2.25, 3.375] }, "poles must lie in [-1, 1], got 1.5"],
  ])("refuses %o", (inputs, message) => {
    const problem = { dims: one, inputs: { u: [1, 2, 3, 4], ...inputs } };
    expect(() => givenProblem(convolution, problem)).toThrow(message);
  });
});
