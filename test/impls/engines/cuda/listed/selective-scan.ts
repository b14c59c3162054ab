/** selective_scan: columns a thread, storage types, and the inputs that change a kernel. */
import { type RandomProblemOptions, randomProblem } from "../../../../../impls/operator.js";
import { type Cut, tilesFor } from "../../../../../impls/recurrence/cuda/plan.js";
import { type Part, walkSource } from "../../../../../impls/recurrence/cuda/prepare.js";
import { askedOf } from "../../../../../impls/selective_scan/cuda/prepare.js";
import { type SelectiveScan, selectiveScan } from "../../../../../impls/selective_scan/operator.js";
import { type Listed, onBoth, SHARED } from "./listed.js";

type Given = Omit<RandomProblemOptions<SelectiveScan>, "dims">;

interface Variant extends Given {
  readonly state: number;
  readonly columns: Cut["columns"];
  readonly channels?: Cut["channels"];
  readonly segments?: number;
  readonly what?: string;
}

const EVERYTHING: Given = { with: ["D", "z", "deltaBias", "initialState"], settings: { softplus: true } };
const CONSTANT = ["heads", "headDim", "state"];

function listed({ state, columns, channels = 1, segments = 1, what = "", ...given }: Variant): Listed[] {
  const dims = { batch: 1, length: 256, heads: 16, groups: 1, headDim: 64, state };
  const problem = randomProblem(selectiveScan, { dims, dtype: "f16", ...given });
  const asked = askedOf(problem);
  const card = { multiprocessors: 132, sharedBytes: SHARED.sm_80 };
  const cut: Cut = { ...tilesFor(asked, { columns, channels }, card), segments };
  const parts: readonly Part[] = segments > 1 ? ["ends", "pass", "walk"] : ["walk"];
  return parts.flatMap((part) =>
    onBoth(
      walkSource(asked, cut, part),
      `scan ${part} state=${state} columns=${columns}x${channels} ${problem.dtype}${what ? ` ${what}` : ""}`,
    ),
  );
}

export function ofSelectiveScan(all: boolean): Listed[] {
  const variants: Variant[] = [
    { state: 16, columns: 1 },
    ...(all
      ? ([
          { state: 16, columns: 4, segments: 4, what: "segments" },
          { state: 64, columns: 2, dtype: "bf16" },
          { state: 64, columns: 4 },
          { state: 64, columns: 2, channels: 2 },
          { state: 64, columns: 4, channels: 2 },
          { state: 64, columns: 4, dtype: "f32", ...EVERYTHING, what: "everything" },
          { state: 256, columns: 8 },
          { state: 5, columns: 1, segments: 2, with: ["documents"], what: "segments documents" },
          { state: 24, columns: 2, layouts: { B: CONSTANT, C: CONSTANT }, what: "constant B and C" },
        ] as const)
      : []),
  ];
  return variants.flatMap(listed);
}
