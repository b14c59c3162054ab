/** The block in WebAssembly: products of matrices around the kernels of attention and of its decoding. */
import { tiledWasm as prefill } from "../attention/tiled.wasm.js";
import { tiledWasm as step } from "../attention_decode/tiled.wasm.js";
import { WasmStages } from "../blocks/wasm/stages.js";
import { implementation } from "../implementation.js";
import { prefillProblem, stepProblem } from "./cpu/map-problem.js";
import { attentionBlock } from "./operator.js";
import { turnsOf } from "./reference/rotary.js";

export const tiledWasm = implementation(attentionBlock, "wasm", {
  form: "tiled",
  source: `arXiv 1706.03762, section 3.2, and 2104.09864 (rotary positions), around ${prefill.source}`,
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: (problem) =>
    problem.inputs.keys
      ? step.rounding(stepProblem(problem), {})
      : prefill.rounding(prefillProblem(problem), {}),
  async prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(attentionBlock, problem);
    const stages = new WasmStages(engine, room, threads);
    const { length, context, heads, groups, headDim, inner } = problem.dims;
    const { keys, values, newKeys, newValues } = room.address;
    const { rotary } = problem.settings;
    const width = groups * headDim;
    // 1. project: the new keys and values are outputs
    const v = await stages.front();
    const Q = stages.project(v, 0, inner);
    stages.project(v, inner, width, newKeys);
    stages.project(v, inner + width, width, newValues);
    // 4. positions and attention
    if (rotary !== 0) {
      const turns = turnsOf(keys ? context : 0, length, headDim, rotary);
      const table = (of: Float64Array) => room.floats(of.length, (place) => place.set(of));
      const tables = { cos: table(turns.cos), sin: table(turns.sin) };
      stages.turn(Q, heads, headDim, tables);
      stages.turn(newKeys, groups, headDim, tables);
    }
    const Y = stages.perToken(inner);
    if (keys)
      await stages.part(step, stepProblem(problem), { Q, K: keys, V: values, k: newKeys, v: newValues, Y });
    else await stages.part(prefill, prefillProblem(problem), { Q, K: newKeys, V: newValues, Y });
    // 6. project
    stages.finish([{ from: Y, terms: inner }]);
    return engine.prepared(room, stages.plans);
  },
});
