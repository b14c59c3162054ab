/** Recall over width: which models find the value of a key, at which length, and with how large a state? */
import type { Grid } from "../suite.js";
import type { LearningSuite } from "./learning-suite.js";
import type { ModelName } from "./models.js";
import { POWER, VOCABULARY } from "./mqar.js";
import type { TrainingSpec } from "./spec.js";

interface Sizes {
  /** Length of a sequence, and pairs in it. */
  readonly tasks: readonly (readonly [length: number, pairs: number])[];
  readonly vocabulary: number;
  readonly fill: "zeros" | "random";
  /** Shares of the pairs that training begins with. */
  readonly stages: readonly number[];
  readonly widths: readonly number[];
  readonly models: readonly (readonly [model: ModelName, state?: number])[];
  readonly rates: readonly number[];
  readonly seeds: number;
  readonly batch: number;
  readonly steps: number;
  readonly tests: number;
}

const HYBRID_STATE = 64;

/** All models of the paper's figure 8 and its neighbours: softmax, linear, and both in one. */
const ALL: Sizes["models"] = [
  ["attention"],
  ["mamba1"],
  ["mamba2", 16],
  ["mamba2", 64],
  ["mamba2", 256],
  ["linear", 64],
  ["hybrid", HYBRID_STATE],
];

const GRIDS: Readonly<Record<Grid, Sizes>> = {
  // a task that every model learns
  quick: {
    ...{ tasks: [[16, 2]], vocabulary: 16, fill: "zeros", stages: [1], widths: [32] },
    models: [["attention"], ["mamba1"], ["mamba2", 16], ["linear", 16], ["hybrid", 16]],
    ...{ rates: [0.01], seeds: 1, batch: 32, steps: 800, tests: 64 },
  },
  default: {
    ...{ tasks: [[64, 8]], vocabulary: 64, fill: "zeros", stages: [1], widths: [16, 32, 64] },
    models: ALL,
    ...{ rates: [0.01], seeds: 3, batch: 32, steps: 800, tests: 128 },
  },
  // lengths and widths of arXiv 2405.21060, figure 8; the rest 0 as in Zoology's figure 2; fewer pairs first: without, an H200 saw
  // Mamba-2 of width 64 learn nothing at length 512 in 6,000 steps of 32 sequences, and with it 93%
  paper: {
    tasks: [
      [256, 32],
      [512, 64],
      [1024, 128],
    ],
    ...{ vocabulary: VOCABULARY, fill: "zeros", stages: [0.125, 0.25, 0.5, 1], widths: [32, 64, 128, 256] },
    models: ALL,
    ...{ rates: [0.003, 0.01], seeds: 3, batch: 32, steps: 12_000, tests: 256 },
  },
};

/** Two layers, as in Zoology and in the paper. */
const LAYERS = 2;
const CURVE_POINTS = 20;

export const mqar: LearningSuite = {
  name: "mqar",
  question: "Which models recall the value of a key, over width, length and state?",
  trainings(grid, seed) {
    const { tasks, vocabulary, fill, stages, widths, models, rates, seeds, batch, steps, tests } =
      GRIDS[grid];
    return tasks.flatMap(([length, pairs]) =>
      widths.flatMap((modelDim) =>
        models.flatMap(([model, state = HYBRID_STATE]) =>
          rates.flatMap((rate) =>
            Array.from(
              { length: seeds },
              (_, i): TrainingSpec => ({
                suite: "mqar",
                task: {
                  ...{ kind: "mqar", length, pairs, vocabulary, power: POWER, fill },
                  stages: stages.map((share) => Math.round(share * pairs)),
                },
                model,
                shape: {
                  ...{ batch, length, modelDim, layers: LAYERS, state },
                  ...(model === "hybrid" ? { attending: 1 } : {}),
                },
                ...{ steps, warmUp: Math.round(steps / 10), rate, seed: seed + i },
                ...{ every: Math.round(steps / CURVE_POINTS), tests, enough: 0.999 },
              }),
            ),
          ),
        ),
      ),
    );
  },
};
