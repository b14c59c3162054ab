/** The block around the chunked forms of ssd and its gradient. */
import { bothWays } from "../blocks/cpu/gradients/both-ways.js";
import { hostRounding } from "../bound.js";
import { chunkedCpu as map } from "../ssd/chunked.cpu.js";
import { chunkedCpu as gradient } from "../ssd_grad/chunked.cpu.js";
import { waysAround } from "./cpu/ways.js";
import { EXTRAS, mamba2BlockGrad } from "./operator.js";

/** The longer one of both maps. */
const CHUNK = 64;

export const chunkedCpu = bothWays(mamba2BlockGrad, {
  form: "chunked",
  source: `reverse mode through arXiv 2405.21060, figure 6, around ${gradient.source}`,
  takes: EXTRAS,
  rounding: () => hostRounding(CHUNK, 1),
  ways: waysAround({ map, gradient }),
});
