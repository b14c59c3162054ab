/** A gradient of dt that goes through x only, and not through the decay exp(dt A). */
import type { Problem } from "../../impls/operator.js";
import { stepOf } from "../../impls/recurrence/step.js";
import { type SsdGrad, ssdGrad } from "../../impls/ssd_grad/operator.js";
import { recurrentCpu } from "../../impls/ssd_grad/recurrent.cpu.js";
import { materialise, mutate } from "./mutate.js";

export const gradientDtHalf = mutate(recurrentCpu, "gradient-dt-half", {
  spoil(engine, problem, outputs) {
    if (!problem.inputs.dt || problem.inputs.logA?.axes.length !== 1) return () => {};
    const half = recurrentCpu.prepare(engine, readyDecays(problem), {}) as {
      run(): void;
      read(): typeof outputs;
    };
    return () => {
      half.run();
      const { ddt, ddtBias } = half.read();
      outputs.ddt.set(ddt);
      outputs.ddtBias?.set(ddtBias);
    };
  },
});

/** The same decays, given a token: none of dt's business any more. */
function readyDecays(problem: Problem<SsdGrad>): Problem<SsdGrad> {
  const { inputs, settings, dims } = problem;
  const dt = materialise(ssdGrad, problem as Problem, "dt");
  const bias = inputs.dtBias && materialise(ssdGrad, problem as Problem, "dtBias").data;
  const A = materialise(ssdGrad, problem as Problem, "logA").data;
  const data = dt.data.map(
    (raw, i) => stepOf(raw + (bias?.[i % dims.heads] ?? 0), settings) * A[i % dims.heads],
  );
  return { ...problem, inputs: { ...inputs, logA: { ...dt, data } } };
}
