/** ssd chunked: every padded state, and the inputs that change a kernel. */
import { randomProblem } from "../../../../../impls/operator.js";
import { shapeOf, tuningFor } from "../../../../../impls/ssd/cuda/plan.js";
import { type Build, chunkedSource, type Entry } from "../../../../../impls/ssd/cuda/prepare.js";
import { splitSource } from "../../../../../impls/ssd/cuda/split.js";
import { ssd } from "../../../../../impls/ssd/index.js";
import { ARCHITECTURES, type Architecture, type Listed, onBoth, SHARED } from "./listed.js";

const ENTRIES: readonly Entry[] = ["segment_states", "pass_states", "segment_outputs"];

interface Variant {
  readonly state: number;
  readonly headDim: number;
  readonly with?: readonly ("dt" | "D" | "z" | "initialState")[];
  readonly oneChunk?: boolean;
  readonly dtype?: "f16" | "bf16";
}

function ofChunked(
  { state, headDim, with: inputs = ["dt"], oneChunk = false, dtype = "f16" }: Variant,
  architecture: Architecture,
) {
  const dims = { batch: 1, length: 4096, heads: 16, groups: 1, headDim, state };
  const problem = randomProblem(ssd, { dims, dtype, with: inputs });
  const shape = shapeOf(problem);
  const mma = architecture === "sm_80";
  const build: Build = {
    shape,
    mma,
    tuning: tuningFor(shape.padded, SHARED[architecture]),
    borders: { localHalf: !mma, entryHalf: !mma },
    bfloat: dtype === "bf16",
    dt: inputs.includes("dt"),
    z: inputs.includes("z"),
    skip: inputs.includes("D") ? 2 : 0,
    oneChunk,
  };
  const said = [inputs.join("+"), oneChunk ? "one chunk" : "", dtype === "f16" ? "" : dtype];
  return ENTRIES.map((entry) => ({
    name: [entry, `headDim=${headDim} state=${state}`, ...said.filter(Boolean), architecture].join(" "),
    source: chunkedSource(build, entry),
    architecture,
  }));
}

/** In f32. */
function ofSplit(): Listed[] {
  const dims = { batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64 };
  const plain = [16, 64, 128].map((state) => randomProblem(ssd, { dims: { ...dims, state }, with: ["dt"] }));
  const full = randomProblem(ssd, {
    dims: { ...dims, headDim: 3, state: 5 },
    with: ["D", "z", "initialState"],
  });
  const entries = ["chunk_states", "pass_states", "chunk_outputs"] as const;
  return [...plain, full].flatMap((problem) =>
    entries.flatMap((entry) => {
      const { headDim, state } = problem.dims;
      return onBoth(splitSource(problem, entry), `${entry} f32 headDim=${headDim} state=${state}`);
    }),
  );
}

/** @param all every padded state; else the smallest, which compiles fastest */
export function ofSsd(all: boolean): Listed[] {
  const states = all ? [16, 32, 64, 128, 256] : [16];
  const variants: Variant[] = [
    ...states.map((state) => ({ state, headDim: 64 })),
    ...(all
      ? [
          { state: 64, headDim: 128, with: ["dt", "D", "z", "initialState"] as const },
          { state: 64, headDim: 64, with: ["D"] as const },
          { state: 64, headDim: 64, oneChunk: true },
          { state: 256, headDim: 64, oneChunk: true },
          { state: 64, headDim: 64, dtype: "bf16" as const },
          { state: 128, headDim: 64, dtype: "bf16" as const },
          { state: 256, headDim: 64, dtype: "bf16" as const },
        ]
      : []),
  ];
  const odd = all ? ofChunked({ state: 5, headDim: 3, with: ["dt", "D", "z"] }, "sm_80") : [];
  const chunked = variants.flatMap((variant) => ARCHITECTURES.flatMap((one) => ofChunked(variant, one)));
  return [...chunked, ...odd, ...(all ? ofSplit() : [])];
}
