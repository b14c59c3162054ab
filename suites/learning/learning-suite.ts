/** A suite that trains: which tasks, models and seeds, on which grid. A training is a case of it. */
import type { Grid } from "../suite.js";
import type { TrainingSpec } from "./spec.js";

export interface LearningSuite {
  readonly name: string;
  /** One sentence, printed by the help. */
  readonly question: string;
  /** Seeds of a model side by side. @param seed the first one; others follow it */
  trainings(grid: Grid, seed: number): readonly TrainingSpec[];
}
