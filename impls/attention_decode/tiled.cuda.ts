/** One query on CUDA: a workgroup a key/value head and span of the cache, then one a head that joins the spans. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import { NVIDIA } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import { type AttentionDecode, attentionDecode, attentionScale, firstKey } from "./operator.js";

/** Parts of the programs, in this order. */
const steps = new URL("../recurrence/cuda/steps.cu", import.meta.url);
const problemUrl = new URL("./cuda/tiled.problem.cu", import.meta.url);
const spanUrl = new URL("./cuda/tiled.span.cu", import.meta.url);
const productsUrl = new URL("./cuda/tiled.span.mma.cu", import.meta.url);
const joinUrl = new URL("./cuda/tiled.join.cu", import.meta.url);

/** Keys of a span, threads of a workgroup, and heads whose queries it holds at most: by multiply-adds, by products. */
const SPAN = 512;
const THREADS = 128;
const MOST_HEADS = { fma: 4, mma: 8 } as const;
/** What the lanes of a warp hold: 32 lanes, two octets each. */
const MOST_CHANNELS = 512;
/** Likewise of products. */
const MOST_PRODUCTS = 128;
/** Workgroups that a grid may have along its second axis. */
const MOST_GROUPS = 65_535;

/** fma: multiply-adds in f32; mma: tensor cores, for heads that share keys and values. */
type Make = keyof typeof MOST_HEADS;

export const tiledCuda = implementation(attentionDecode, "cuda", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  dtypes: ["f32", "f16", "bf16"],
  // of products
  grain: { headDim: 32, headDimV: 64 },
  options: (problem) =>
    productsLack(problem) === undefined ? [{ make: "mma" }, { make: "fma" }] : [{ make: "fma" }],
  rounding: ({ dtype, dims: { context, headDim, headDimV } }, { make = "fma" }) => ({
    accumulate: 2 ** -24,
    ...(make === "mma" ? { products: { unit: NVIDIA, terms: Math.min(headDim, headDimV) } } : {}),
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    // of products the weights too
    roundings: dtype === "f32" ? 0 : make === "mma" ? 2 : 1,
    longestSum: Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN),
    decay: "segsum",
  }),
  unsupported(problem, { make = "fma" }) {
    if (make !== "fma" && make !== "mma") return `needs make fma or mma, got ${make}`;
    const { batch, groups, headDim, headDimV } = problem.dims;
    if (headDim > MOST_CHANNELS || headDimV > MOST_CHANNELS)
      return `needs headDim and headDimV of at most ${MOST_CHANNELS}, got headDim=${headDim} headDimV=${headDimV}`;
    const rows = batch * groups * shareOf(problem, make).blocks;
    if (rows > MOST_GROUPS) return `needs at most ${MOST_GROUPS} workgroups a span, got ${rows}`;
    return make === "mma" ? productsLack(problem) : undefined;
  },
  prepare(engine, problem, { make = "fma" }) {
    const { batch, context, heads, groups, headDim, headDimV } = problem.dims;
    const first = firstKey(problem);
    const spans = Math.ceil((context - first) / SPAN);
    const { blocks } = shareOf(problem, make as Make);
    const stage = engine.stage(attentionDecode, problem);
    const parameters = engine.pack([
      ...(["Q", "K", "V", "k", "v"] as const).map((name) => stage.input(name)),
      stage.output("Y"),
      stage.scratch("parts of spans", 4 * batch * heads * spans * (2 + headDimV)),
      ...[batch, context, heads, groups, headDim, headDimV, first, spans, blocks],
      { f32: attentionScale(problem) * Math.LOG2E },
    ]);
    const rows = batch * groups * blocks;
    if (spans > 0)
      stage.kernel(decodeSource(problem, make as Make), { blocks: [spans, rows, 1], threads: THREADS }, [
        parameters,
      ]);
    stage.kernel(joinSource(problem), { blocks: batch * heads, threads: THREADS }, [parameters]);
    return stage.prepared({ spans });
  },
  // heads of a group read its keys and values again; the second reading mostly comes from a cache
  cost: (problem) => ({ ...attentionDecode.cost(problem), dispatches: 2 }),
});

/** A sentence where products cannot take a problem, or would have one head a row of keys. */
function productsLack({ dims, dtype }: Problem<AttentionDecode>): string | undefined {
  const { heads, groups, headDim, headDimV } = dims;
  if (dtype === "f32") return "make mma needs f16 or bf16, got f32";
  if (heads === groups) return "make mma needs heads that share keys and values, got as many groups as heads";
  return headDim % 32 === 0 && headDimV % 64 === 0 && Math.max(headDim, headDimV) <= MOST_PRODUCTS
    ? undefined
    : `make mma needs headDim divisible by 32 and headDimV by 64, to ${MOST_PRODUCTS}, got headDim=${headDim} headDimV=${headDimV}`;
}

/** Query heads of a key/value head, as workgroups share them. */
function shareOf({ dims }: Problem<AttentionDecode>, make: Make) {
  const ratio = dims.heads / dims.groups;
  return { heads: Math.min(MOST_HEADS[make], ratio), blocks: Math.ceil(ratio / MOST_HEADS[make]) };
}

/** The source of the launch over spans, and the definitions it is compiled with. */
export function decodeSource(problem: Problem<AttentionDecode>, make: Make) {
  const { headDim, headDimV } = problem.dims;
  const { heads: HEADS } = shareOf(problem, make);
  if (make === "mma")
    return {
      libraries: ["matrices"] as const,
      urls: [problemUrl, productsUrl],
      entry: "span",
      plain: true,
      defines: {
        ...{ BFLOAT: problem.dtype === "bf16" ? 1 : 0, MMA_SYNC: 1 },
        ...{ SPAN, HEADS, HEAD_DIM: headDim, VALUE_DIM: headDimV },
      },
    };
  const octets = Math.ceil(Math.max(headDim, headDimV) / 8);
  const lanes = Math.min(32, 2 ** Math.ceil(Math.log2(octets)));
  return {
    libraries: ["elements"] as const,
    urls: [steps, problemUrl, spanUrl],
    entry: "span",
    plain: true,
    defines: {
      KIND: `KIND_${problem.dtype}`,
      SPAN,
      LANES: lanes,
      HEADS,
      KEY_OCTETS: Math.ceil(headDim / 8 / lanes),
      VALUE_OCTETS: Math.ceil(headDimV / 8 / lanes),
      WIDE: headDim % 8 === 0 && headDimV % 8 === 0 ? 1 : 0,
    },
  };
}

/** The source of the launch that joins the spans, likewise. */
export function joinSource({ dims, dtype }: Problem<AttentionDecode>) {
  return {
    libraries: ["elements"] as const,
    urls: [steps, problemUrl, joinUrl],
    entry: "join",
    plain: true,
    defines: { KIND: `KIND_${dtype}`, VALUES: Math.ceil(dims.headDimV / 32) },
  };
}
