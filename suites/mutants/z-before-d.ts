/** Gates first and skips after: y silu(z) + D x in place of (y + D x) silu(z). */

import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { mutate } from "./mutate.js";

export const zBeforeD = mutate(recurrentCpu, "z-before-d", {
  spoil(engine, problem, { Y }) {
    const { X, D, z } = engine.inputs(ssd, problem);
    const { heads, headDim } = problem.dims;
    const perHead = problem.inputs.D?.axes.length === 1;
    return () => {
      if (!D || !z) return;
      for (let i = 0; i < Y.length; i++) {
        const channel = i % (heads * headDim);
        const skip = D[perHead ? Math.floor(channel / headDim) : channel] * X[i];
        Y[i] += skip - skip * (z[i] / (1 + Math.exp(-z[i])));
      }
    };
  },
});
