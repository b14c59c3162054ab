/** The product of spectra of unpadded signals: a circular convolution, in which the end of the sequence reaches its beginning. */
import { fftCpu } from "../../impls/convolution/fft.cpu.js";
import { convolution } from "../../impls/convolution/operator.js";
import { mutate } from "./mutate.js";

export const fftWithoutPadding = mutate(fftCpu, "fft-without-padding", {
  spoil(engine, problem, { Y }) {
    const { u, K } = engine.inputs(convolution, problem);
    const { batch, length, heads, headDim } = problem.dims;
    const width = heads * headDim;
    return () => {
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < length; t++)
          for (let c = 0; c < width; c++)
            for (let j = t + 1; j < length; j++)
              Y[(b * length + t) * width + c] +=
                K[c * length + j] * u[(b * length + t - j + length) * width + c];
    };
  },
});
