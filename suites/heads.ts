/** Who shares heads, and what is done to B and C (arXiv 2405.21060, sections 7.2 and 9.4): its cost in time and parameters. */
import { mamba2Block } from "../impls/mamba2_block/index.js";
import { FEATURES, PATTERNS } from "../impls/mamba2_block/operator.js";
import type { Problem } from "../impls/operator.js";
import { layerProblem } from "./block.js";
import { GRIDS, smallestFirst } from "./grids.js";
import type { Curve, Grid, Suite } from "./suite.js";

const SIZES: Readonly<Record<Grid, { readonly modelDim: number; readonly length: number }>> = {
  quick: { modelDim: 256, length: 256 },
  default: { modelDim: 512, length: 2048 },
  paper: { modelDim: 2048, length: 2048 },
};

/** Table 8 of the paper compares them at this state. */
const STATE = 64;

export const heads: Suite = {
  name: "heads",
  question: "What do head patterns and feature maps of a Mamba-2 layer cost in time and parameters?",
  onlyNamed: true,
  curves(grid, seed) {
    const { modelDim, length } = SIZES[grid];
    return GRIDS[grid].dtypes.map((dtype): Curve => {
      const asked = (
        settings: Readonly<Record<string, number>>,
        sizes: Readonly<Record<string, number>> = {},
      ) =>
        layerProblem(mamba2Block, {
          modelDim,
          length,
          dtype,
          seed,
          settings,
          sizes: { state: STATE, ...sizes },
        });
      const many = asked({}).dims.heads as number;
      const problems: Problem[] = [
        ...PATTERNS.map((_, pattern) => asked({ pattern })),
        // multi-head: as many groups as heads
        asked({}, { groups: many }),
        // the first is Mamba's own
        ...FEATURES.slice(1).map((_, i) => asked({ features: i + 1 })),
      ];
      return { operator: mamba2Block, problems: smallestFirst(mamba2Block, problems, (problem) => problem) };
    });
  },
};
