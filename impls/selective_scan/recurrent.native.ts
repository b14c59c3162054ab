/** The recurrent form in C: lanes are channels, and states stay in registers while a block of tokens passes. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { recurrentPlan } from "./native/plan.js";
import { selectiveScan } from "./operator.js";

export const recurrentNative = implementation(selectiveScan, "native", {
  form: "recurrent",
  takes: ["documents"],
  source: "arXiv 2312.00752, equation (2) and algorithm 2",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare: (engine, problem, { threads = 1 }) =>
    engine.prepared(engine.room(selectiveScan, problem), recurrentPlan(engine, problem, threads)),
});
