/** Tiled attention (FlashAttention) on NVIDIA's tensor cores. How it is cut: engines/cuda/README.md. */
import { ROUNDOFF } from "../bound.js";
import type { CudaEngine } from "../engines/cuda.js";
import { implementation } from "../implementation.js";
import { HOPPER, NVIDIA } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import { MOST_CHANNELS, ROW_VALUES, roomBytes, tilesFor } from "./cuda/plan.js";
import { prepareTiled } from "./cuda/prepare.js";
import { type Attention, attention, NARROWED, visiblePairs } from "./operator.js";

export const tiledCuda = implementation(attention, "cuda", {
  form: "tiled",
  takes: NARROWED,
  source:
    "FlashAttention-2, arXiv 2307.08691, algorithm 1; products and softmax overlapped as in FlashAttention-3, arXiv 2407.08608",
  dtypes: ["f16", "bf16"],
  grain: { headDim: ROW_VALUES, headDimV: ROW_VALUES },
  // wgmma: warpgroup products fed by the copy engine (Hopper); mma: products of 16 x 8 x 16 from ordinary copies, any shape
  options: (problem, engine) =>
    hopperLacks(problem, engine) === undefined ? [{ make: "wgmma" }, { make: "mma" }] : [{ make: "mma" }],
  // hidden weights of a tile are 0 and are multiplied all the same: tiles of 64, 128 or 192 queries and of 64 or 128 keys
  nonFinite: { tokens: 384, borders: true },
  rounding: ({ dtype, dims }, { make = "mma" }) => ({
    accumulate: 2 ** -24,
    products: { unit: make === "mma" ? NVIDIA : HOPPER, terms: Math.min(dims.headDim, dims.headDimV) },
    storage: ROUNDOFF[dtype],
    // weights and Y
    roundings: 2,
    longestSum: dims.context,
    decay: "segsum",
  }),
  unsupported(problem, { make = "mma" }, engine) {
    if (make !== "wgmma" && make !== "mma") return `needs make wgmma or mma, got ${make}`;
    const { headDim, headDimV } = problem.dims;
    if (headDim > MOST_CHANNELS || headDimV > MOST_CHANNELS)
      return `needs headDim and headDimV of at most ${MOST_CHANNELS}, got headDim=${headDim} headDimV=${headDimV}`;
    return make === "mma" ? roomLacks(problem, engine) : hopperLacks(problem, engine);
  },
  prepare: (engine, problem, { make = "mma" }) =>
    prepareTiled(engine, problem, tilesFor(problem, make === "mma")),
  cost: (problem, { make = "mma" }) => {
    const { heads, headDim, headDimV } = problem.dims;
    const { flops, bytes } = attention.cost(problem);
    const { queries } = tilesFor(problem, make === "mma");
    // each tile of queries reads its keys and values again
    const again = (2 * heads * visiblePairs(problem) * (headDim + headDimV)) / queries;
    return { flops, bytes: bytes + again, dispatches: 1 };
  },
});

/** A sentence where the kernels with warpgroup products cannot take a problem. */
function hopperLacks({ dims }: Problem<Attention>, engine?: CudaEngine): string | undefined {
  const { headDim, headDimV } = dims;
  if (headDim % ROW_VALUES !== 0 || headDimV % ROW_VALUES !== 0)
    return `make wgmma needs headDim and headDimV divisible by ${ROW_VALUES}, got headDim=${headDim} headDimV=${headDimV}`;
  if (engine && engine.card.capability !== 90)
    return `make wgmma needs a card of compute capability 9.0, this one has ${engine.card.capability / 10}`;
  return undefined;
}

/** A sentence where a card's shared memory does not hold the tiles. */
function roomLacks(problem: Problem<Attention>, engine?: CudaEngine): string | undefined {
  const needed = roomBytes(problem, tilesFor(problem, true));
  const { sharedBytes = needed } = engine?.card.facts.attributes ?? {};
  return needed <= sharedBytes
    ? undefined
    : `these channels need ${needed} bytes of shared memory, this card has ${sharedBytes}`;
}
