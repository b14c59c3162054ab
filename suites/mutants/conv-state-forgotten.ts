/** A block's convolution starts from zeros, whatever the tokens before left of it: the first tokens of a step are wrong. */
import { recurrentCpu } from "../../impls/mamba2_block/recurrent.cpu.js";
import { mutate, withInput } from "./mutate.js";

export const convStateForgotten = mutate(recurrentCpu, "conv-state-forgotten", {
  problem: (problem) => withInput(problem, "initialConv", undefined),
});
