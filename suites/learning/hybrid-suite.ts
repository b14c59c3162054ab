/** How much attention does a model of Mamba-2 layers want? Loss on a generated language over the share of its layers that attend. */
import type { Grid } from "../suite.js";
import type { LearningSuite } from "./learning-suite.js";
import { equalAttention, type ModelShape } from "./models.js";
import type { TrainingSpec } from "./spec.js";

interface Sizes {
  readonly shape: ModelShape;
  /** Layers that attend, from none to all. */
  readonly attending: readonly number[];
  readonly symbols: number;
  readonly seeds: number;
  readonly steps: number;
  readonly rate: number;
  readonly tests: number;
}

/** 0, 10, 25, 50 and 100% of 20 layers. */
const SHARES = [0, 2, 5, 10, 20];

const GRIDS: Readonly<Record<Grid, Sizes>> = {
  quick: {
    shape: { batch: 8, length: 32, modelDim: 16, layers: 4, state: 16 },
    ...{ attending: [0, 1, 2, 4], symbols: 8, seeds: 1, steps: 60, rate: 0.01, tests: 32 },
  },
  default: {
    shape: { batch: 8, length: 64, modelDim: 32, layers: 20, state: 16 },
    ...{ attending: SHARES, symbols: 16, seeds: 3, steps: 300, rate: 0.003, tests: 64 },
  },
  paper: {
    shape: { batch: 32, length: 256, modelDim: 128, layers: 20, state: 64 },
    ...{ attending: SHARES, symbols: 64, seeds: 3, steps: 4000, rate: 0.001, tests: 256 },
  },
};

const CURVE_POINTS = 15;

export const hybrid: LearningSuite = {
  name: "hybrid",
  question:
    "What is the loss on a generated language over the share of layers that attend, at equal parameters?",
  trainings(grid, seed) {
    const { shape, attending, symbols, seeds, steps, rate, tests } = GRIDS[grid];
    const attentionInner = equalAttention(shape);
    return attending.flatMap((count) =>
      Array.from(
        { length: seeds },
        (_, i): TrainingSpec => ({
          suite: "hybrid",
          task: { kind: "chains", length: shape.length, symbols },
          model: "hybrid",
          shape: { ...shape, attending: count, attentionInner },
          ...{ steps, warmUp: Math.round(steps / 10), rate, seed: seed + i },
          // a language is never learnt to the end
          ...{ every: Math.round(steps / CURVE_POINTS), tests, enough: 1 },
        }),
      ),
    );
  },
};
