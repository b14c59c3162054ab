/** The backward scan in C: lanes are channels; states are kept where blocks begin, and a block's tokens are worked out again. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { scanPlan } from "./native/plan.js";
import { selectiveScanGrad } from "./operator.js";

export const scanNative = implementation(selectiveScanGrad, "native", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2 (recomputation); reverse mode through equation (2)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(selectiveScanGrad, problem);
    return engine.prepared(room, scanPlan(engine, room, threads));
  },
});
