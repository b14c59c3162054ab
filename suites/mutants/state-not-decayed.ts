/** A decode step adds its token to the state and forgets to decay what was there. */
import { recurrentCpu } from "../../impls/ssd_decode/recurrent.cpu.js";
import { mapValues } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const stateNotDecayed = mutate(recurrentCpu, "state-not-decayed", {
  problem(problem) {
    const logA = materialise(recurrentCpu.operator, problem, "logA");
    return withInput(
      problem,
      "logA",
      mapValues(logA, () => 0),
    );
  },
});
