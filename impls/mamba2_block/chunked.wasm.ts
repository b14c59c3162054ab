/** The block in WebAssembly: the parts' own kernels after each other in one memory, and products of matrices. */
import { WasmStages } from "../blocks/wasm/stages.js";
import { implementation } from "../implementation.js";
import { chunkedWasm as map } from "../ssd/chunked.wasm.js";
import { mapProblem } from "./cpu/map-problem.js";
import { EXTRAS, mamba2Block } from "./operator.js";
import { addStages } from "./wasm/stages.js";

export const chunkedWasm = implementation(mamba2Block, "wasm", {
  form: "chunked",
  takes: EXTRAS,
  source: `arXiv 2405.21060, section 7 and figure 6, around ${map.source}`,
  options: (problem, engine) => map.options!(mapProblem(problem), engine),
  // what a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: (problem, options) => map.rounding(mapProblem(problem), options),
  async prepare(engine, problem, options) {
    const room = engine.room(mamba2Block, problem);
    const stages = new WasmStages(engine, room, options.threads ?? 1);
    await addStages(stages, map, options);
    return engine.prepared(room, stages.plans);
  },
});
