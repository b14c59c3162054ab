/** The gate in front of the norm where it belongs behind it, and the other way round. */
import { fusedCpu } from "../../impls/rms_norm_gated/fused.cpu.js";
import { mutate } from "./mutate.js";

export const gateOrder = mutate(fusedCpu, "gate-order", {
  problem: (problem) => ({
    ...problem,
    settings: { ...problem.settings, normBeforeGate: !problem.settings.normBeforeGate },
  }),
});
