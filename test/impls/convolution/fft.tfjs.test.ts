/** The FFT convolution in tensor ops: every element within the bound, lengths around powers of two. */
import { describe, expect, it } from "vitest";
import { fftTfjs } from "../../../impls/convolution/fft.tfjs.js";
import { convolution } from "../../../impls/convolution/operator.js";
import { radices } from "../../../impls/convolution/tfjs/fft-tensors.js";
import { randomProblem } from "../../../impls/operator.js";
import { holdsOnEveryBackend } from "../tensor-ops.js";

const control = { batch: 1, length: 64, heads: 2, headDim: 4 };
const lengths = [1, 2, 3, 63, 65, 100, 257];

holdsOnEveryBackend([[fftTfjs, {}]], {
  control: randomProblem(convolution, { dims: control }),
  "batch, odd width": randomProblem(convolution, { dims: { batch: 3, length: 70, heads: 3, headDim: 5 } }),
  ...Object.fromEntries(
    lengths.map((length) => [
      `length ${length}`,
      randomProblem(convolution, { dims: { ...control, length } }),
    ]),
  ),
});

describe("radices", () => {
  it.each([1, 2, 4, 5, 7, 13, 20])("multiply to 2^%d, none above 16", (bits) => {
    const list = radices(bits);
    expect(list.reduce((product, radix) => product * radix, 1)).toBe(2 ** bits);
    expect(Math.max(...list)).toBeLessThanOrEqual(16);
    expect(Math.min(...list)).toBeGreaterThan(1);
  });
});
