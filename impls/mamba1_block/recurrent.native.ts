/** The block in C: the parts' own kernels after each other in one memory, and our product of matrices. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { stagesOf } from "./native/stages.js";
import { mamba1Block } from "./operator.js";

export const recurrentNative = implementation(mamba1Block, "native", {
  form: "recurrent",
  source: "arXiv 2312.00752, section 3.4 and figure 3; the map by equation (2) and algorithm 2",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(mamba1Block, problem);
    return engine.prepared(room, stagesOf(engine, room, threads));
  },
});
