/** The steps of a block are made without dtBias. */
import { mamba2Block } from "../../impls/mamba2_block/operator.js";
import { recurrentCpu } from "../../impls/mamba2_block/recurrent.cpu.js";
import { mapValues } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const dtBiasForgotten = mutate(recurrentCpu, "dt-bias-forgotten", {
  problem: (problem) =>
    withInput(
      problem,
      "dtBias",
      mapValues(materialise(mamba2Block, problem, "dtBias"), () => 0),
    ),
});
