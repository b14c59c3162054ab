/**
 * Kernels of others for the chunked form, through their public functions. Both take differences of running sums of log decays
 * ("prefix": they lose digits, numerics in CONTRIBUTING.md) and multiply f32 inputs on matrix units in TF32.
 */
import type { Rounding } from "../../bound.js";
import { NVIDIA } from "../../matrix-unit.js";
import type { Problem } from "../../operator.js";
import { f32Bytes, storageOf, torchPeers } from "../../peers/torch.js";
import type { Options } from "../../prepared.js";
import { decayRate } from "../../random.js";
import { extrasOf, hasInfiniteDecay, type Ssd, STEPS_AND_STATES, ssd } from "../operator.js";

/** Roundings to storage on the longest way: the scaled input, its product with a decay, the state, the score, the output. */
const STORED = 6;
/** TF32 keeps ten bits of a significand and may cut off the rest. */
const TF32 = 2 ** -10;

function officialRounding({ dtype, dims }: Problem<Ssd>, { chunk = 256 }: Options): Rounding {
  return {
    accumulate: 2 ** -24,
    products: { unit: NVIDIA, terms: dims.state },
    storage: dtype === "f32" ? TF32 : storageOf(dtype),
    roundings: STORED,
    longestSum: Math.min(chunk, dims.length),
    decay: "prefix",
  };
}

function scratchBytes({ dims }: Problem<Ssd>, { chunk = 256 }: Options): number {
  const { batch, length, heads, groups, headDim, state } = dims;
  const chunks = Math.ceil(length / chunk);
  return 2 * f32Bytes(batch, chunks, heads, headDim, state) + f32Bytes(batch, chunks, groups, chunk, chunk);
}

const mamba = torchPeers(ssd, {
  form: "chunked",
  make: "mamba-ssm",
  takes: STEPS_AND_STATES,
  source: "mamba_ssm, mamba_chunk_scan_combined (Triton; arXiv 2405.21060)",
  file: new URL("./chunked.mamba.py", import.meta.url),
  replays: ["graph"],
  // the best of 64, 128 and 256 on an H100, f16, 16 heads, us with 128 and 256: state 64 at 1,024 tokens 19.8 and 21.0, at 4,096 46.4
  // and 43.2, at 65,536 720 and 635; at 4,096 state 16 35.9 and 37.3, state 256 83.0 and 66.8
  chunk: ({ dims }) => (dims.state >= 128 || (dims.state >= 64 && dims.length >= 2048) ? 256 : 128),
  constants: (problem) => ({ rates: ratesOf(problem) ?? [] }),
  rounding: officialRounding,
  unsupported: mambaRefusal,
  scratchBytes,
  timed: ({ inputs, dtype }) =>
    [
      "discretisation included: decays are dt A",
      inputs.documents ? "ids of documents made whole numbers before timing" : "",
      inputs.dt ? "" : "X divided by dt before timing",
      dtype === "f32" ? "products in TF32" : "",
    ]
      .filter(Boolean)
      .join("; "),
});

const fla = torchPeers(ssd, {
  form: "chunked",
  make: "fla",
  source: "flash-linear-attention, chunk_simple_gla (Triton)",
  file: new URL("./chunked.fla.py", import.meta.url),
  replays: ["graph"],
  chunk: () => 64,
  rounding: officialRounding,
  unsupported(problem) {
    const { state } = problem.dims;
    if (state > 256) return `simple GLA needs state of at most 256, got state=${state}`;
    return hasInfiniteDecay(problem) ? "simple GLA needs finite log decays" : undefined;
  },
  scratchBytes,
  timed: ({ dtype }) =>
    `B and C repeated for every head before timing${dtype === "f32" ? "; products in TF32" : ""}`,
});

export const officialTorch = [...mamba, ...fla];

/** What mamba_chunk_scan_combined has no argument for. */
function mambaRefusal(problem: Problem<Ssd>): string | undefined {
  const { dims, inputs } = problem;
  // with decays that are ready the steps must be so too: the kernel makes the one of the other
  const made = extrasOf(problem).some((extra) => ["dtBias", "softplus", "limits of dt"].includes(extra));
  const ready = inputs.logA?.axes.length !== 1;
  if (ready && (made || ratesOf(problem) === undefined))
    return "mamba_ssm needs logA = dt A with one A a head";
  if (hasInfiniteDecay(problem)) return "mamba_ssm needs finite log decays";
  if (!dims.documents) return undefined;
  if (dims.batch > 1) return `mamba_ssm gives states of documents for batch=1, got batch=${dims.batch}`;
  return inputs.initialState ? "mamba_ssm's states of documents know of no initial state" : undefined;
}

/** A of each head when logA = dt A, by the random functions' definition or by the values; undefined when it is not. */
export function ratesOf({ inputs, dims }: Problem<Ssd>): number[] | undefined {
  const { logA, dt } = inputs;
  // A itself, which the program takes as it is
  if (logA?.axes.length === 1) return [];
  if (logA?.kind === "random") {
    // logA is made of the stream of dt (random.ts); without dt the kernels get that very dt
    const same = dt === undefined || (dt.kind === "random" && dt.seed === logA.seed);
    return same ? Array.from({ length: dims.heads }, (_, h) => -decayRate(h)) : undefined;
  }
  if (logA?.kind !== "given" || dt?.kind !== "given") return undefined;
  const rates = Array.from({ length: dims.heads }, (_, h) => {
    const at = largestOf(dt.data, h, dims.heads);
    return Math.fround(logA.data[at] / dt.data[at]);
  });
  const fits = logA.data.every((l, i) => {
    const product = dt.data[i] * rates[i % dims.heads];
    return Number.isFinite(product) && Math.abs(product - l) <= 2 ** -22 * Math.abs(l);
  });
  return fits && dt.data.every((step) => step >= 0) ? rates : undefined;
}

function largestOf(values: Float64Array, first: number, step: number): number {
  let at = first;
  for (let i = first; i < values.length; i += step) if (values[i] > values[at]) at = i;
  return at;
}
