/** flash-linear-attention's kernels, through their public functions. */
import type { Rounding } from "../../bound.js";
import type { Problem } from "../../operator.js";
import { f32Bytes, storageOf, torchPeers } from "../../peers/torch.js";
import { type GatedDelta, gatedDelta, queryScale } from "../operator.js";

/** Of chunked kernels: they have one length. */
const CHUNK = 64;
/** Roundings to storage on the way of a value: inverse, W, U, keys and queries beside decays, the state, the score, the output. */
const STORED = 8;
/** TF32 keeps ten bits of a significand and may cut off the rest. */
const TF32 = 2 ** -10;

export function fla(form: "chunked" | "recurrent") {
  const recurrent = form === "recurrent";
  return torchPeers(gatedDelta, {
    form,
    make: "fla",
    source: recurrent
      ? "flash-linear-attention, fused_recurrent_gated_delta_rule (Triton)"
      : "flash-linear-attention, chunk_gated_delta_rule and chunk_kda (Triton)",
    file: new URL("./kernels.fla.py", import.meta.url),
    replays: ["graph"],
    ...(recurrent ? {} : { chunk: () => CHUNK }),
    constants: (problem) => ({ scale: queryScale(problem), recurrent: recurrent ? 1 : 0 }),
    rounding: (problem) => flaRounding(problem, recurrent),
    unsupported(problem) {
      const { state } = problem.dims;
      if (state > 256) return `flash-linear-attention needs state of at most 256, got state=${state}`;
      return hasInfiniteDecay(problem) ? "flash-linear-attention needs finite log decays" : undefined;
    },
    scratchBytes: ({ dims: { batch, length, heads, headDim, state } }) =>
      recurrent
        ? 0
        : f32Bytes(batch, Math.ceil(length / CHUNK), heads, headDim, state) +
          2 * f32Bytes(batch, length, heads, headDim + state + CHUNK),
    timed: ({ dtype }) =>
      [
        "the initial state turned before timing",
        dtype === "f32" ? "" : "beta rounded to the dtype before timing",
        dtype === "f32" && !recurrent ? "products in TF32" : "",
      ]
        .filter(Boolean)
        .join("; "),
  });
}

/** A chunked kernel rounds what it multiplies to the units' type: a model of that, as README.md says, not a derivation. */
function flaRounding({ dtype, dims }: Problem<GatedDelta>, recurrent: boolean): Rounding {
  if (recurrent) {
    // beta and the output; the exponential is the approximate instruction
    const stored = dtype === "f32" ? 0 : 2;
    const base = { accumulate: 2 ** -23, longestSum: 0, decay: "segsum" as const };
    return { ...base, storage: storageOf(dtype), roundings: stored };
  }
  return {
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? TF32 : storageOf(dtype),
    roundings: STORED,
    longestSum: Math.min(CHUNK, dims.length) ** 2,
    decay: "prefix",
  };
}

function hasInfiniteDecay({ inputs: { logA } }: Problem<GatedDelta>): boolean {
  return logA?.kind === "given" && !logA.data.every(Number.isFinite);
}
