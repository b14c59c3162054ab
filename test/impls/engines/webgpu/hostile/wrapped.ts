/** A correct kernel with something done to it: the raw material of the hostile ones. */
import type { WebGpuEngine } from "../../../../../impls/engines/webgpu.js";
import {
  type AnyImplementation,
  implementation,
  type PreparedOn,
} from "../../../../../impls/implementation.js";
import type { Problem } from "../../../../../impls/operator.js";
import { ssd } from "../../../../../impls/ssd/operator.js";
import { recurrentWebgpu } from "../../../../../impls/ssd/recurrent.webgpu.js";

type Ready = PreparedOn<typeof ssd, "webgpu">;

export function hostile(
  source: string,
  prepare: (
    engine: WebGpuEngine,
    problem: Problem<typeof ssd>,
    healthy: () => Promise<Ready>,
  ) => Promise<Ready>,
): AnyImplementation {
  return implementation(ssd, "webgpu", {
    form: "recurrent",
    source,
    rounding: recurrentWebgpu.rounding,
    prepare: (engine, problem) =>
      prepare(engine, problem, async () => recurrentWebgpu.prepare(engine, problem, {})),
  });
}
