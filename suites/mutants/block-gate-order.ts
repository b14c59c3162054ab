/** A block gates in front of its norm where it should behind it, and the other way round. */
import { recurrentCpu } from "../../impls/mamba2_block/recurrent.cpu.js";
import { mutate } from "./mutate.js";

export const blockGateOrder = mutate(recurrentCpu, "block-gate-order", {
  problem: (problem) => ({
    ...problem,
    settings: { ...problem.settings, normBeforeGate: !problem.settings.normBeforeGate },
  }),
});
