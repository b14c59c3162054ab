/** One training: a task, a model, and how it learns. Its id names all of that. */
import type { TrainingKeys } from "../../reports/rows/training.js";
import type { ModelName, ModelShape } from "./models.js";
import { hasState } from "./models.js";
import { type TaskSpec, vocabularyOf } from "./tasks.js";

export interface TrainingSpec {
  readonly suite: string;
  readonly task: TaskSpec;
  readonly model: ModelName;
  readonly shape: ModelShape;
  readonly steps: number;
  readonly warmUp: number;
  /** The largest learning rate. */
  readonly rate: number;
  /** Of weights and examples. */
  readonly seed: number;
  /** Steps between two points of the curve. */
  readonly every: number;
  /** Sequences of the test. */
  readonly tests: number;
  /** Share of right answers in the test from which on nothing is left to learn: the training ends there. */
  readonly enough: number;
}

/** What tells a training from the others of its suite. */
export function keysOf({ task, model, shape, rate, seed }: TrainingSpec): TrainingKeys {
  const { batch, length, modelDim, layers, state, attending = 0 } = shape;
  return {
    ...{ dtype: "f32", batch, length },
    ...(hasState(model) ? { state } : {}),
    ...{ modelDim, layers },
    ...(task.kind === "mqar" ? { pairs: task.pairs } : { share: Math.round((100 * attending) / layers) }),
    ...{ vocabulary: vocabularyOf(task), rate, seed },
  };
}

/** Operations of a training up to a factor: what its time is predicted from. */
export function workOf({ shape, steps, task }: TrainingSpec, parameters: number): number {
  const { batch, length } = shape;
  // of what is asked, a product with the whole vocabulary each
  const asked = task.kind === "mqar" ? task.pairs : length;
  return steps * batch * (length * parameters + asked * vocabularyOf(task) * shape.modelDim);
}
