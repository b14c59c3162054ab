/** Every kernel of the cuda engine and how it is compiled: the same sources and definitions that a card would get. */
import { fileURLToPath } from "node:url";
import {
  compileOptions,
  type KernelSource,
  programText,
} from "../../../../impls/engines/cuda/device/program.js";
import type { Compiler } from "../../../../impls/engines/cuda/host/nvrtc.js";
import { randomProblem } from "../../../../impls/operator.js";
import { shapeOf, tuningFor } from "../../../../impls/ssd/cuda/plan.js";
import { type Build, chunkedSource, type Entry } from "../../../../impls/ssd/cuda/prepare.js";
import { ssd } from "../../../../impls/ssd/index.js";

export interface Listed {
  /** As the table names it. */
  readonly name: string;
  readonly source: KernelSource;
  readonly architecture: string;
}

const engine = (file: string) => new URL(`../../../../impls/engines/cuda/${file}`, import.meta.url);
const ENTRIES: readonly Entry[] = ["segment_states", "pass_states", "segment_outputs"];
/** Shared memory of a workgroup on an A100 and an H100. */
const SHARED = { sm_80: 166_912, sm_90a: 232_448 } as const;

function ofEngine(): Listed[] {
  const [hash, elements] = [engine("problem/hash.cu"), engine("problem/elements.cu")];
  const sources: KernelSource[] = [
    { urls: [engine("problem/fill.cu")], entry: "fill" },
    { urls: [hash, elements, engine("problem/random.cu")], entry: "random_values" },
    { urls: [hash, engine("problem/survey.cu")], entry: "survey" },
    { urls: [hash, elements, engine("problem/gather.cu")], entry: "gather" },
    { urls: [engine("clock/copy.cu")], entry: "copy" },
    { urls: [engine("clock/multiply-add.cu")], entry: "multiply_add" },
    { urls: [engine("clock/matrix-rate.cu")], entry: "matrix_rate", defines: { TYPE: "f16" } },
  ];
  return sources.flatMap((source) =>
    Object.keys(SHARED).map((architecture) => ({
      name: `${source.entry} ${architecture}`,
      source,
      architecture,
    })),
  );
}

interface Variant {
  readonly state: number;
  readonly headDim: number;
  readonly with?: readonly ("dt" | "D" | "z" | "initialState")[];
  readonly oneChunk?: boolean;
  readonly dtype?: "f16" | "bf16";
}

function ofChunked(
  { state, headDim, with: inputs = ["dt"], oneChunk = false, dtype = "f16" }: Variant,
  architecture: keyof typeof SHARED,
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
  return ENTRIES.map((entry) => ({
    name: `${entry} headDim=${headDim} state=${state} ${inputs.join("+")}${oneChunk ? " one chunk" : ""}${dtype === "f16" ? "" : ` ${dtype}`} ${architecture}`,
    source: chunkedSource(build, entry),
    architecture,
  }));
}

/** @param all every padded state on both architectures; else the smallest, which compiles fastest */
export function allKernels(all: boolean): Listed[] {
  const architectures = Object.keys(SHARED) as (keyof typeof SHARED)[];
  const states = all ? [16, 32, 64, 128, 256] : [16];
  const variants: Variant[] = [
    ...states.map((state) => ({ state, headDim: 64 })),
    ...(all
      ? [
          { state: 64, headDim: 128, with: ["dt", "D", "z", "initialState"] as const },
          { state: 64, headDim: 64, with: ["D"] as const },
          { state: 64, headDim: 64, oneChunk: true },
          { state: 256, headDim: 64, oneChunk: true },
          { state: 64, headDim: 64, with: ["dt", "z"] as const, dtype: "bf16" as const },
        ]
      : []),
  ];
  const odd = all ? ofChunked({ state: 5, headDim: 3, with: ["dt", "D", "z"] }, "sm_80") : [];
  const chunked = variants.flatMap((variant) => architectures.flatMap((one) => ofChunked(variant, one)));
  return [...ofEngine(), ...chunked, ...odd];
}

export interface Used {
  readonly registers: number;
  readonly spilledBytes: number;
}

/** What ptxas says that a kernel uses. @throws with the compiler's log, or where ptxas says nothing */
export function compile(compiler: Compiler, { source, architecture, name }: Listed): Used {
  const text = programText(source.urls.map((url) => fileURLToPath(url)));
  const options = [
    ...compileOptions(source.defines ?? {}),
    `--gpu-architecture=${architecture}`,
    "--ptxas-options=-v",
  ];
  const { log } = compiler.compile(name, text, options);
  const registers = log.match(/Used (\d+) registers/)?.[1];
  const spilled = log.match(/(\d+) bytes spill stores/)?.[1];
  if (registers === undefined || spilled === undefined) throw new Error(`${name}: ptxas said only ${log}`);
  return { registers: Number(registers), spilledBytes: Number(spilled) };
}
