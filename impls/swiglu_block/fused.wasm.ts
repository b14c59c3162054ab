/** The block in WebAssembly: two products of matrices, and the gate between them. */
import { WasmStages } from "../blocks/wasm/stages.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { swigluBlock } from "./operator.js";

export const fusedWasm = implementation(swigluBlock, "wasm", {
  form: "fused",
  source: "arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(swigluBlock, problem);
    const stages = new WasmStages(engine, room, threads);
    const { inner } = problem.dims;
    // 1. project
    const v = await stages.front();
    const gate = stages.project(v, 0, inner);
    const up = stages.project(v, inner, inner);
    // 5. gate; 6. project
    stages.map({ from: gate, to: up, rows: stages.tokens, columns: inner, function: "silu", times: up });
    stages.finish([{ from: up, terms: inner }]);
    return engine.prepared(room, stages.plans);
  },
});
