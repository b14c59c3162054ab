/** The FFT form: transform kernel and signal, multiply, transform back. The kernel is an input, so its transform is part of a run. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { forward, inverse, twiddles } from "./cpu/negacyclic.js";
import { convolution } from "./operator.js";

export const fftCpu = implementation(convolution, "cpu", {
  form: "fft",
  source: "Cooley and Tukey (1965), as the convolution theorem modulo x^n - i (negacyclic.ts)",
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { batch, length, heads, headDim } = problem.dims;
    const { u, K } = engine.inputs(convolution, problem);
    const outputs = engine.outputs(convolution, problem);
    const { Y } = outputs;
    const n = 2 ** Math.ceil(Math.log2(length));
    const channels = heads * headDim;
    const table = twiddles(n);
    const [kernelRe, kernelIm, re, im] = Array.from({ length: 4 }, () => new Float32Array(n));

    return engine.prepared(convolution, problem, outputs, () => {
      for (let channel = 0; channel < channels; channel++) {
        // 1. the kernel's spectrum, with the inverse's 1/n (a power of two) taken in advance: products cannot overflow early
        for (let j = 0; j < length; j++) kernelRe[j] = K[channel * length + j] / n;
        kernelRe.fill(0, length);
        kernelIm.fill(0);
        forward(kernelRe, kernelIm, table);
        for (let b = 0; b < batch; b++) {
          const first = b * length * channels + channel;
          // 2. the signal's
          for (let t = 0, i = first; t < length; t++, i += channels) re[t] = u[i];
          re.fill(0, length);
          im.fill(0);
          forward(re, im, table);
          // 3. their product
          for (let k = 0; k < n; k++) {
            const product = re[k] * kernelRe[k] - im[k] * kernelIm[k];
            im[k] = re[k] * kernelIm[k] + im[k] * kernelRe[k];
            re[k] = product;
          }
          // 4. and back; what wrapped around is in the imaginary part
          inverse(re, im, table);
          for (let t = 0, i = first; t < length; t++, i += channels) Y[i] = re[t];
        }
      }
    });
  },
});
