/** The block in C: our product of matrices, and the gate between two of them. */

import { Stages } from "../blocks/native/stages.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { swigluBlock } from "./operator.js";

export const fusedNative = implementation(swigluBlock, "native", {
  form: "fused",
  source: "arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(swigluBlock, problem);
    const stages = new Stages(engine, room, threads);
    const { inner } = problem.dims;
    const v = stages.front();
    const gate = stages.project(v, 0, inner);
    const up = stages.project(v, inner, inner);
    stages.map({ from: gate, to: up, rows: stages.tokens, columns: inner, function: "silu", times: up });
    stages.finish([{ from: up, terms: inner }]);
    return engine.prepared(room, stages.plans);
  },
});
