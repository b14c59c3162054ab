/** Where documents begin, as the WebGPU kernels of recurrences read it. */
import { keptPast } from "../documents.js";
import type { Stage } from "../engines/webgpu/problem/stage.js";
import type { Window } from "../engines/webgpu/problem/windows.js";
import type { AnyOperator } from "../operator.js";

/** A factor for each token's past, (batches, tokens) of a window; undefined where the problem has no documents. */
export function keptTable<Op extends AnyOperator>(stage: Stage<Op>, window: Window): GPUBuffer | undefined {
  const { documents } = stage.problem.inputs;
  if (!documents) return undefined;
  const { batch0, batches, token0, tokens } = window;
  return stage.upload(keptPast(documents, { batch0, batches, token0, tokens }));
}
