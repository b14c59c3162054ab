/** The block around the scan and its gradient. */
import { bothWays } from "../blocks/cpu/gradients/both-ways.js";
import { hostRounding } from "../bound.js";
import { EXP_DECAY_ERROR } from "../selective_scan/cpu/exp.js";
import { scanCpu as gradient } from "../selective_scan_grad/scan.cpu.js";
import { waysOf } from "./cpu/ways.js";
import { mamba1BlockGrad } from "./operator.js";

export const scanCpu = bothWays(mamba1BlockGrad, {
  form: "scan",
  source: `reverse mode through arXiv 2312.00752, figure 3, around ${gradient.source}`,
  // as the scan has it
  rounding: () => ({ ...hostRounding(0, 1), accumulate: EXP_DECAY_ERROR / 4 }),
  ways: waysOf,
});
