/** attention tiled: both makes, channels, and what is masked. */
import { tilesFor } from "../../../../../impls/attention/cuda/plan.js";
import { tiledSource } from "../../../../../impls/attention/cuda/prepare.js";
import { attention } from "../../../../../impls/attention/index.js";
import { randomProblem } from "../../../../../impls/operator.js";
import { ARCHITECTURES, type Listed } from "./listed.js";

interface Variant {
  readonly headDim: number;
  readonly headDimV?: number;
  readonly causal?: boolean;
  readonly window?: number;
  readonly scale?: number;
  readonly dtype?: "f16" | "bf16";
}

function listed({ headDim, headDimV = headDim, dtype = "f16", ...settings }: Variant): Listed[] {
  const dims = { batch: 1, length: 4096, context: 4096, heads: 16, groups: 16, headDim, headDimV };
  const problem = randomProblem(attention, { dims, dtype, settings });
  const said = Object.entries({ headDim, headDimV, ...settings }).map(([key, value]) => `${key}=${value}`);
  return ARCHITECTURES.filter((architecture) => architecture === "sm_80" || headDim % 8 === 0).map(
    (architecture) => ({
      name: `attend ${said.join(" ")} ${dtype} ${architecture}`,
      source: tiledSource(problem, tilesFor(problem, architecture === "sm_80")),
      architecture,
    }),
  );
}

/** @param all else the one that compiles fastest */
export function ofAttention(all: boolean): Listed[] {
  const variants: Variant[] = [
    { headDim: 64 },
    ...(all
      ? ([
          { headDim: 128 },
          { headDim: 128, causal: false, dtype: "bf16" },
          { headDim: 64, headDimV: 128, window: 256 },
          { headDim: 192, headDimV: 128 },
          { headDim: 256 },
          { headDim: 5, headDimV: 3, causal: false, scale: -0.5 },
        ] as const)
      : []),
  ];
  return variants.flatMap(listed);
}
