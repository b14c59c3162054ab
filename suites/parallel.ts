/** One problem on 1, 2 and 4 processes: what does each way of dividing it gain, and what does it send? */
import { attention } from "../impls/attention/index.js";
import { mamba1Block } from "../impls/mamba1_block/index.js";
import { mamba2Block } from "../impls/mamba2_block/index.js";
import type { AnyOperator, Problem } from "../impls/operator.js";
import { ssd } from "../impls/ssd/index.js";
import { ssdGrad } from "../impls/ssd_grad/index.js";
import { layerProblem } from "./block.js";
import { GRIDS, type GridShape, gridProblem, STATE } from "./grids.js";
import type { Curve, Grid, Suite } from "./suite.js";
import { withPass } from "./training.js";

interface Sizes {
  readonly heads: number;
  /** Of the maps alone. */
  readonly lengths: readonly number[];
  readonly attention: readonly number[];
  readonly modelDim: number;
  /** Of blocks. */
  readonly tokens: readonly number[];
}

/** So that one process has tens of milliseconds to divide: below that only latency is left. */
const SIZES: Readonly<Record<Grid, Sizes>> = {
  quick: { heads: 4, lengths: [2048, 8192], attention: [2048], modelDim: 256, tokens: [1024] },
  default: {
    heads: 8,
    lengths: [4096, 16384, 65536],
    attention: [2048, 4096],
    modelDim: 512,
    tokens: [1024, 4096],
  },
  paper: {
    heads: 16,
    lengths: [8192, 65536, 524288],
    attention: [8192, 32768],
    modelDim: 2048,
    tokens: [2048, 8192],
  },
};

/** Groups of B and C, as many as the most ranks: the paper's condition for one sum a block. */
const GROUPS = 4;

export const parallel: Suite = {
  name: "parallel",
  question:
    "What do 1, 2 and 4 processes gain on one problem, by segments of its tokens and by its heads, and what do they send?",
  onlyNamed: true,
  everyChoice: true,
  shards: true,
  curves(grid, seed) {
    const { heads, lengths, attention: attended, modelDim, tokens } = SIZES[grid];
    return GRIDS[grid].dtypes.flatMap((dtype) => {
      const shape: GridShape = { ...GRIDS[grid], heads };
      const sized = (operator: AnyOperator, length: number) =>
        gridProblem(operator, shape, { length, state: STATE, dtype, seed });
      const layer = (operator: AnyOperator, length: number): Problem =>
        layerProblem(operator, { modelDim, length, dtype, seed, sizes: { groups: GROUPS, state: STATE } });
      const one: Curve[] = [
        { operator: ssd, problems: lengths.map((length) => sized(ssd, length)) },
        { operator: attention, problems: attended.map((length) => sized(attention, length)) },
        ...[mamba2Block, mamba1Block].map((operator) => ({
          operator,
          problems: tokens.map((length) => layer(operator, length)),
        })),
      ];
      // dB of a long memory leaves the range of f16
      const gradients = lengths.slice(0, 1).map((length) => withPass(ssdGrad, sized(ssdGrad, length), true));
      return dtype === "f16" ? one : [...one, { operator: ssdGrad, problems: gradients }];
    });
  },
};
