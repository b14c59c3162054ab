/**
 * A training as impls/engines/torch/learning reads it: kinds and sizes of layers, and the parameters in the order in which they lie in one
 * vector.
 */
import { layersFor } from "./models.js";
import type { PlannedTraining } from "./plan.js";
import type { TrainingSpec } from "./spec.js";
import { vocabularyOf } from "./tasks.js";

/** Inputs of a block that are no weights. */
const NO_WEIGHTS = ["u"];

export interface TorchSpec {
  readonly layout: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly layers: readonly Readonly<Record<string, number | string>>[];
  readonly batch: number;
  readonly seed: number;
}

/** The parameters of impls/learning/model.ts, in its order. */
export function torchSpec({ model, shape, task, seed }: TrainingSpec): TorchSpec {
  const layers = layersFor(model, shape);
  const weights = layers.flatMap(({ problem }, i) =>
    Object.entries(problem.inputs).flatMap(([name, source]) =>
      source && !NO_WEIGHTS.includes(name) ? [[`layer ${i} ${name}`, source.shape] as const] : [],
    ),
  );
  return {
    layout: [["embedding", [vocabularyOf(task), shape.modelDim]], ...weights, ["norm", [shape.modelDim]]],
    layers: layers.map(({ kind, problem }) => ({ kind, ...problem.dims })),
    ...{ batch: shape.batch, seed },
  };
}

/** What train.py takes of a run. @throws for a task that it does not know */
export function torchTraining({ id, spec }: PlannedTraining) {
  const { task, steps, warmUp, rate, every, tests, enough } = spec;
  if (task.kind !== "mqar")
    throw new Error(`torch trains on mqar alone, not on ${task.kind}; use --engine native`);
  return { id, ...torchSpec(spec), task, steps, warmUp, rate, every, tests, enough };
}
