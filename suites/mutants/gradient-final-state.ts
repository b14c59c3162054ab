/** Gradients that forget what the final state is worth: dFinalState dropped. */
import { recurrentCpu } from "../../impls/ssd_grad/recurrent.cpu.js";
import { mutate, withInput } from "./mutate.js";

export const gradientFinalState = mutate(recurrentCpu, "gradient-final-state", {
  problem: (problem) => withInput(problem, "dFinalState", undefined),
});
