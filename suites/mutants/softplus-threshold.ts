/** A softplus that is linear from 2 on in place of 20. */

import type { Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { materialise, mutate, withInput } from "./mutate.js";

const THRESHOLD = 2;

export const softplusThreshold = mutate(recurrentCpu, "softplus-threshold", {
  problem(problem) {
    const { inputs, settings, dims } = problem;
    if (!inputs.dt || !settings.softplus) return problem as Problem;
    const dt = materialise(ssd, problem, "dt");
    const bias = inputs.dtBias && materialise(ssd, problem, "dtBias").data;
    const data = dt.data.map((raw, i) => {
      const v = raw + (bias?.[i % dims.heads] ?? 0);
      return v > THRESHOLD ? v : Math.log1p(Math.exp(v));
    });
    const wrong = withInput(withInput(problem, "dt", { ...dt, data }), "dtBias", undefined);
    return { ...wrong, settings: { ...settings, softplus: false } };
  },
});
