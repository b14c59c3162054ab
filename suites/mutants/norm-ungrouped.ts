/** A block norms all of its channels together where each group of heads has a norm of its own. */
import { recurrentCpu } from "../../impls/mamba2_block/recurrent.cpu.js";
import { mutate } from "./mutate.js";

export const normUngrouped = mutate(recurrentCpu, "norm-ungrouped", {
  problem: (problem) => ({ ...problem, settings: { ...problem.settings, normGroups: 1 } }),
});
