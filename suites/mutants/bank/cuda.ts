/** Bugs in the CUDA C++ kernels of the engine cuda, which only a card can kill. */
import { type Patch, patchesOf } from "./patch.js";

export const cuda: readonly Patch[] = [
  ...patchesOf("ssd/chunked.cuda", "ssd/cuda/chunked.decays.cu", [
    [
      "scores-strictly-below",
      "inside a block of sixteen a token does not see itself",
      "column <= row ? value : 0.0f",
      "column < row ? value : 0.0f",
    ],
    [
      "blocks-between-forgotten",
      "the decay between two blocks leaves out the blocks that lie between them",
      "      from0 += decay.block[J];\n",
      "",
    ],
    [
      "shuffle-at-the-edge",
      "the first lane of a block takes the running sum that its shuffle gives back unchanged",
      "  if ((lane & 7) == 0) earlier = 0.0f;\n",
      "",
    ],
  ]),
  ...patchesOf("ssd/chunked.cuda", "ssd/cuda/chunked.epilogue.cu", [
    [
      "skip-of-the-first-head",
      "all heads take the first one's D",
      "const float *D = p.D + (size_t)slice.head * p.headDim;",
      "const float *D = p.D;",
    ],
    [
      "gate-without-its-branch",
      "the gate of a negative z is that of a positive one",
      "__fdividef(z >= 0.0f ? 1.0f : e, 1.0f + e)",
      "__fdividef(1.0f, 1.0f + e)",
    ],
    [
      "initial-state-transposed",
      "the lower rows of a warp's initial state are read from the upper ones",
      "    row += 8 * (size_t)p.state;\n",
      "",
    ],
  ]),
  ...patchesOf("ssd/chunked.cuda", "ssd/cuda/chunked.kernels.cu", [
    [
      "segment-factors-stand-still",
      "the scan over segments decays by the factor of the first of those read together",
      "run[k] = fmaf(run[k], factors[s + i], value_of(own[i], k));",
      "run[k] = fmaf(run[k], factors[s], value_of(own[i], k));",
    ],
  ]),
];
