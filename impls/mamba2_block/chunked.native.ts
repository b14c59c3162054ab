/** The block in C: the parts' own kernels in one memory, and our product of matrices, which is as fast here as the host's libraries. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { CHUNK } from "../ssd/native/plan.js";
import { stagesOf } from "./native/stages.js";
import { EXTRAS, mamba2Block } from "./operator.js";

export const chunkedNative = implementation(mamba2Block, "native", {
  form: "chunked",
  takes: EXTRAS,
  source: "arXiv 2405.21060, section 7 and figure 6; the map by section 6 and listing 1",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(mamba2Block, problem);
    return engine.prepared(room, stagesOf(engine, room, threads));
  },
});
