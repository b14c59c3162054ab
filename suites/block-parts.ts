/** What stands around the sequence map of a Mamba-2 block, and the masked attention that is no sequence map of fixed state. */
import { causalConv1d } from "../impls/causal_conv1d/index.js";
import { maskedAttention } from "../impls/masked_attention/index.js";
import { type Problem, randomProblem } from "../impls/operator.js";
import { rmsNormGated } from "../impls/rms_norm_gated/index.js";
import { GRIDS, TAPS } from "./grids.js";
import type { Curve, Suite } from "./suite.js";

export const blockParts: Suite = {
  name: "block-parts",
  question:
    "How does time grow with length for a block's short convolution and gated norm, and under a Toeplitz mask?",
  onlyNamed: true,
  curves(grid, seed) {
    const { batch, heads, headDim, lengths, dtypes } = GRIDS[grid];
    const model = { batch, heads, headDim };
    return dtypes.flatMap((dtype): Curve[] => {
      const over = (problem: (length: number) => Problem) => lengths.map(problem);
      return [
        {
          operator: causalConv1d,
          problems: over((length) =>
            randomProblem(causalConv1d, { dims: { ...model, ...TAPS, length }, dtype, seed, with: ["bias"] }),
          ),
        },
        {
          operator: rmsNormGated,
          problems: over((length) =>
            randomProblem(rmsNormGated, { dims: { ...model, groups: 1, length }, dtype, seed, with: ["z"] }),
          ),
        },
        // under other masks it is ssd
        {
          operator: maskedAttention,
          problems: over((length) =>
            randomProblem(maskedAttention, {
              dims: { ...model, headDimV: headDim, length },
              dtype,
              seed,
              with: ["m"],
            }),
          ),
        },
      ];
    });
  },
};
