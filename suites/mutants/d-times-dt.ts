/** The skip is D dt x in place of D x. */

import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { mutate } from "./mutate.js";

export const dTimesDt = mutate(recurrentCpu, "d-times-dt", {
  spoil(engine, problem, { Y }) {
    const { X, D, dt, z } = engine.inputs(ssd, problem);
    const { heads, headDim } = problem.dims;
    const perHead = problem.inputs.D?.axes.length === 1;
    return () => {
      if (!D || !dt) return;
      for (let i = 0; i < Y.length; i++) {
        const channel = i % (heads * headDim);
        const d = D[perHead ? Math.floor(channel / headDim) : channel];
        const gate = z ? z[i] / (1 + Math.exp(-z[i])) : 1;
        Y[i] += (dt[Math.floor(i / headDim)] - 1) * d * X[i] * gate;
      }
    };
  },
});
