/** Decays by a_s ... a_(t-1) in place of a_(s+1) ... a_t: the segment sum is off by one at both ends. */

import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const exclusiveDecay = mutate(recurrentCpu, "exclusive-decay", {
  problem(problem) {
    const { length, heads } = problem.dims;
    const logA = materialise(ssd, problem, "logA");
    const data = logA.data.map((_, i) => (Math.floor(i / heads) % length === 0 ? 0 : logA.data[i - heads]));
    return withInput(problem, "logA", { ...logA, data });
  },
});
