/** Shapes of public models, by name: the sizes at which a kernel will be used, not those that make a smooth curve. */
import { ssd } from "../impls/ssd/index.js";
import { GRIDS, gridProblem, smallestFirst } from "./grids.js";
import type { Suite } from "./suite.js";

/** One layer's shape, and where its numbers stand. */
export interface Workload {
  readonly name: string;
  readonly source: string;
  readonly batch: number;
  /** Tokens of the prompt; the grid's where the source has none of its own. */
  readonly length?: number;
  readonly heads: number;
  readonly headDim: number;
  readonly groups: number;
  readonly state: number;
}

/** Mamba-2 fills in what its config files leave out: expand 2, headdim 64, d_state 128, ngroups 1 (mamba_ssm/modules/mamba2.py). */
const MAMBA2 = { batch: 1, headDim: 64, groups: 1, state: 128 } as const;

function mamba2(size: string, dModel: number): Workload {
  const source = `state-spaces/mamba2-${size}, config.json: d_model ${dModel}; expand 2, headdim 64, d_state 128, ngroups 1`;
  return { name: `mamba2-${size}`, source, ...MAMBA2, heads: (2 * dModel) / MAMBA2.headDim };
}

export const WORKLOADS: readonly Workload[] = [
  mamba2("130m", 768),
  mamba2("370m", 1024),
  mamba2("780m", 1536),
  mamba2("1.3b", 2048),
  mamba2("2.7b", 2560),
  {
    name: "nemotron-h-8b",
    source:
      "a hybrid; nvidia/Nemotron-H-8B-Base-8K, config.json: mamba_num_heads 128, mamba_head_dim 64, n_groups 8, ssm_state_size 128",
    ...{ batch: 1, heads: 128, headDim: 64, groups: 8, state: 128 },
  },
  {
    name: "cudnn-benchmark",
    source: "the shape at which cuDNN's native Mamba-2 forward was timed on a B200 (suite anchor)",
    ...{ batch: 2, length: 2048, heads: 64, headDim: 64, groups: 1, state: 64 },
  },
];

/** The context that Mamba-2's models were trained with. */
const LENGTH = 2048;
const QUICK_LENGTH = 512;

export const models: Suite = {
  name: "models",
  question: `How long does one layer of public models take over a prompt of ${LENGTH} tokens?`,
  onlyNamed: true,
  curves(grid, seed) {
    const length = grid === "quick" ? QUICK_LENGTH : LENGTH;
    return GRIDS[grid].dtypes.map((dtype) => {
      const named = WORKLOADS.map((workload) => {
        const shape = { ...GRIDS[grid], ...workload };
        const size = { length: workload.length ?? length, state: workload.state, dtype, seed };
        return { name: workload.name, problem: gridProblem(ssd, shape, size) };
      });
      // what a case costs is told from smaller ones of its curve
      const sorted = smallestFirst(ssd, named, ({ problem }) => problem);
      return {
        operator: ssd,
        problems: sorted.map(({ problem }) => problem),
        workloads: sorted.map(({ name }) => name),
      };
    });
  },
};
