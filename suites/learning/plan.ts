/** Which trainings a run has, under their ids, in the order in which they run. */
import { planId } from "../../reports/rows/case-id.js";
import { trainingId } from "../../reports/rows/training.js";
import type { Grid } from "../suite.js";
import type { LearningSuite } from "./learning-suite.js";
import { keysOf, type TrainingSpec } from "./spec.js";

export interface PlannedTraining {
  readonly id: string;
  readonly spec: TrainingSpec;
}

export interface TrainingPlan {
  readonly suites: readonly LearningSuite[];
  readonly grid: Grid;
  readonly seed: number;
  readonly engine: string;
  matches(id: string): boolean;
  readonly shard: { readonly index: number; readonly count: number } | null;
}

/** Every n-th training is a shard's, so that shards have as much to do. */
export function planTrainings({
  suites,
  grid,
  seed,
  engine,
  matches,
  shard,
}: TrainingPlan): PlannedTraining[] {
  return suites
    .flatMap((suite) => suite.trainings(grid, seed))
    .map((spec) => ({ id: trainingId(spec.suite, spec.model, engine, keysOf(spec)), spec }))
    .filter(({ id }) => matches(id))
    .filter((_, i) => shard === null || i % shard.count === shard.index - 1);
}

/** `suite<TAB>id` of each. */
export function trainingIds(planned: readonly PlannedTraining[]): string[] {
  return planned.map(({ id, spec }) => planId(spec.suite, id));
}
