/** Whole layers of equal width over length, their training, and one token after others: where does one kind of model pass another? */
import { attentionBlock } from "../impls/attention_block/index.js";
import { attentionBlockGrad } from "../impls/attention_block_grad/index.js";
import { mamba1Block } from "../impls/mamba1_block/index.js";
import { mamba1BlockGrad } from "../impls/mamba1_block_grad/index.js";
import { mamba2Block } from "../impls/mamba2_block/index.js";
import { mamba2BlockGrad } from "../impls/mamba2_block_grad/index.js";
import { type AnyOperator, dimsFrom, type Problem, randomProblem } from "../impls/operator.js";
import type { Dtype } from "../impls/tensor.js";
import { doubling, GRIDS, TAPS } from "./grids.js";
import type { Curve, Grid, Suite } from "./suite.js";

interface Sizes {
  readonly modelDim: number;
  readonly lengths: readonly number[];
  /** Tokens before the one that is decoded. */
  readonly contexts: readonly number[];
  /** Of a step of training, whose float64 truth keeps every stage of every token. */
  readonly trained: readonly number[];
}

const SIZES: Readonly<Record<Grid, Sizes>> = {
  quick: {
    modelDim: 256,
    lengths: doubling(256, 1024),
    contexts: [512, 2048, 8192],
    trained: doubling(64, 256),
  },
  default: {
    modelDim: 512,
    lengths: doubling(512, 8192),
    contexts: doubling(512, 32768),
    trained: doubling(128, 1024),
  },
  paper: {
    modelDim: 2048,
    lengths: doubling(512, 65536),
    contexts: doubling(512, 131072),
    trained: doubling(256, 1024),
  },
};

const HEAD_DIM = 64;

/**
 * A layer's own sizes at a width, as mamba_ssm's modules have them: expand 2, d_conv 4; Mamba-2: headdim 64, d_state 128, ngroups 1;
 * Mamba-1: d_state 16, dt_rank width / 16. Attention: heads of 64, each with its own keys and values.
 */
export function layerSizes(operator: AnyOperator, modelDim: number): Readonly<Record<string, number>> {
  const inner = 2 * modelDim;
  const common = { modelDim, inner, ...TAPS, headDim: HEAD_DIM };
  if (operator === attentionBlock || operator === attentionBlockGrad) {
    const heads = Math.ceil(modelDim / HEAD_DIM);
    return { ...common, heads, groups: heads };
  }
  return operator === mamba1Block || operator === mamba1BlockGrad
    ? { ...common, state: 16, rank: Math.ceil(modelDim / 16) }
    : { ...common, heads: inner / HEAD_DIM, groups: 1, state: 128 };
}

/** What a layer has beside its products; official modules have a bias in the convolution. */
const OF_A_LAYER = ["preNorm", "convBias", "normWeight"];
/** What it keeps of the tokens before. */
const KEPT = ["initialConv", "initialState", "keys", "values"];

export interface LayerProblem {
  readonly modelDim: number;
  readonly length: number;
  /** Tokens before: then the layer is given what it kept of them. */
  readonly context?: number;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly settings?: Readonly<Record<string, number | boolean>>;
  /** Sizes in place of a layer's usual ones. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export function layerProblem(operator: AnyOperator, of: LayerProblem): Problem {
  const { modelDim, length, context, dtype, seed, settings = {} } = of;
  const asked = context === undefined ? OF_A_LAYER : [...OF_A_LAYER, ...KEPT];
  const wanted = asked.filter((name) => name in operator.inputs);
  const sizes = {
    ...{ batch: GRIDS.quick.batch, length, context: context ?? length },
    ...layerSizes(operator, modelDim),
    ...of.sizes,
  };
  const dims = dimsFrom(operator, sizes, wanted, settings);
  return randomProblem(operator, { dims, dtype, seed, with: wanted as never, settings }) as Problem;
}

export const block: Suite = {
  name: "block",
  question:
    "How long does a layer of Mamba-2, of Mamba-1 and of attention take over length, to train, and for one token more?",
  onlyNamed: true,
  everyChoice: true,
  curves(grid, seed) {
    const { modelDim, lengths, contexts, trained } = SIZES[grid];
    const prompts = GRIDS[grid].dtypes.flatMap((dtype) =>
      [mamba2Block, mamba1Block, attentionBlock].flatMap((operator): Curve[] => {
        const over = (length: number, context?: number) =>
          layerProblem(operator, {
            modelDim,
            length,
            dtype,
            seed,
            ...(context === undefined ? {} : { context }),
          });
        // a state is as large after any number of tokens
        const before = operator === attentionBlock ? contexts : contexts.slice(0, 1);
        return [
          { operator, problems: lengths.map((length) => over(length)) },
          { operator, problems: before.map((context) => over(1, context)) },
        ];
      }),
    );
    // forward and backward, in f32
    const training = [mamba2BlockGrad, mamba1BlockGrad, attentionBlockGrad].map((operator) => ({
      operator,
      problems: trained.map((length) =>
        layerProblem(operator, { modelDim, length, dtype: "f32", seed, settings: { training: true } }),
      ),
    }));
    return [...prompts, ...training];
  },
};
