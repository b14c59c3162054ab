/** The block around the recurrent forms of ssd and its gradient. */
import { bothWays } from "../blocks/cpu/gradients/both-ways.js";
import { hostRounding } from "../bound.js";
import { recurrentCpu as map } from "../ssd/recurrent.cpu.js";
import { recurrentCpu as gradient } from "../ssd_grad/recurrent.cpu.js";
import { waysAround } from "./cpu/ways.js";
import { EXTRAS, mamba2BlockGrad } from "./operator.js";

export const recurrentCpu = bothWays(mamba2BlockGrad, {
  form: "recurrent",
  source: `reverse mode through arXiv 2405.21060, figure 6, around ${gradient.source}`,
  takes: EXTRAS,
  rounding: () => hostRounding(0, 1),
  ways: waysAround({ map, gradient }),
});
