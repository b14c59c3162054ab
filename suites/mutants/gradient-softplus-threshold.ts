/** A derivative of softplus that is 1 from 2 on in place of 20. */
import { ssdGrad } from "../../impls/ssd_grad/operator.js";
import { recurrentCpu } from "../../impls/ssd_grad/recurrent.cpu.js";
import { materialise, mutate } from "./mutate.js";

const THRESHOLD = 2;

export const gradientSoftplusThreshold = mutate(recurrentCpu, "gradient-softplus-threshold", {
  spoil(_engine, problem, { ddt, ddtBias }) {
    if (!problem.inputs.dt || !problem.settings.softplus) return () => {};
    const { heads } = problem.dims;
    const bias = problem.inputs.dtBias && materialise(ssdGrad, problem as never, "dtBias").data;
    const raw = materialise(ssdGrad, problem as never, "dt").data.map(
      (dt, i) => dt + (bias?.[i % heads] ?? 0),
    );
    return () => {
      for (let i = 0; i < ddt.length; i++) {
        if (raw[i] <= THRESHOLD || raw[i] > 20) continue;
        const right = ddt[i];
        ddt[i] *= 1 + Math.exp(-raw[i]);
        if (ddtBias) ddtBias[i % heads] += ddt[i] - right;
      }
    };
  },
});
