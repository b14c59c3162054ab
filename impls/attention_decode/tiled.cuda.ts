/** One query on CUDA: a workgroup a key/value head and span of the cache, then one a head that joins the spans. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type AttentionDecode, attentionDecode, attentionScale, firstKey } from "./operator.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("../recurrence/cuda/steps.cu", import.meta.url),
  new URL("./cuda/tiled.cu", import.meta.url),
];

/** Keys of a span, threads of a workgroup, and heads whose queries it holds at most. */
const SPAN = 512;
const THREADS = 128;
const MOST_HEADS = 4;
/** What the lanes of a warp hold: 32 lanes, two octets each. */
const MOST_CHANNELS = 512;
/** Workgroups that a grid may have along its second axis. */
const MOST_GROUPS = 65_535;

export const tiledCuda = implementation(attentionDecode, "cuda", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  dtypes: ["f32", "f16", "bf16"],
  rounding: ({ dtype, dims: { context } }) => ({
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN),
    decay: "segsum",
  }),
  unsupported(problem) {
    const { batch, groups, headDim, headDimV } = problem.dims;
    if (headDim > MOST_CHANNELS || headDimV > MOST_CHANNELS)
      return `needs headDim and headDimV of at most ${MOST_CHANNELS}, got headDim=${headDim} headDimV=${headDimV}`;
    const rows = batch * groups * shareOf(problem).blocks;
    return rows > MOST_GROUPS ? `needs at most ${MOST_GROUPS} workgroups a span, got ${rows}` : undefined;
  },
  prepare(engine, problem) {
    const { batch, context, heads, groups, headDim, headDimV } = problem.dims;
    const first = firstKey(problem);
    const spans = Math.ceil((context - first) / SPAN);
    const { blocks } = shareOf(problem);
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
      stage.kernel(decodeSource(problem, "span"), { blocks: [spans, rows, 1], threads: THREADS }, [
        parameters,
      ]);
    stage.kernel(decodeSource(problem, "join"), { blocks: batch * heads, threads: THREADS }, [parameters]);
    return stage.prepared({ spans });
  },
  // heads of a group read its keys and values again; the second reading mostly comes from a cache
  cost: (problem) => ({ ...attentionDecode.cost(problem), dispatches: 2 }),
});

/** Query heads of a key/value head, as workgroups share them. */
function shareOf({ dims }: Problem<AttentionDecode>) {
  const ratio = dims.heads / dims.groups;
  return { heads: Math.min(MOST_HEADS, ratio), blocks: Math.ceil(ratio / MOST_HEADS) };
}

/** The source of one launch, and the definitions it is compiled with. */
export function decodeSource(problem: Problem<AttentionDecode>, entry: "span" | "join") {
  const { headDim, headDimV } = problem.dims;
  const octets = Math.ceil(Math.max(headDim, headDimV) / 8);
  const lanes = Math.min(32, 2 ** Math.ceil(Math.log2(octets)));
  return {
    libraries: ["elements"] as const,
    urls,
    entry,
    plain: true,
    defines: {
      KIND: `KIND_${problem.dtype}`,
      SPAN,
      LANES: lanes,
      HEADS: shareOf(problem).heads,
      KEY_OCTETS: Math.ceil(headDim / 8 / lanes),
      VALUE_OCTETS: Math.ceil(headDimV / 8 / lanes),
      WIDE: headDim % 8 === 0 && headDimV % 8 === 0 ? 1 : 0,
      ENTRY_SPAN: entry === "span" ? 1 : 0,
      ENTRY_JOIN: entry === "join" ? 1 : 0,
    },
  };
}
