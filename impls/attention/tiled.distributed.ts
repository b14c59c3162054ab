/** Attention on several processes, each with a segment of the queries; keys and values go round. */
import { sharded } from "../peers/distributed.js";
import { f32Bytes, torchRounding } from "../peers/torch.js";
import { attention, attentionScale } from "./operator.js";

/** Rows of queries computed together on a GPU, in distributed/ring.py. */
const ROWS = 2048;

export const tiledDistributed = sharded(attention, {
  form: "tiled",
  source: "arXiv 2310.01889 (ring attention), section 3; causal: no key travels to queries before it",
  file: new URL("./distributed/ring.py", import.meta.url),
  split: "sequence",
  graph: true,
  constants: (problem) => ({ scale: attentionScale(problem) }),
  nonFinite: { tokens: "row" },
  // as materialised.torch; running sums stay in f32
  rounding: ({ dtype, dims }) => torchRounding(dtype, dims.context, 6, dims.headDim),
  refuses: ({ dims: { context } }, ranks) =>
    context < ranks ? `needs a key for each rank, got context=${context} ranks=${ranks}` : undefined,
  // a block of keys and values beside each other is one message; it visits every rank whose queries see it
  traffic({ dims: { batch, context, groups, headDim, headDimV }, settings: { causal }, dtype }, { ranks }) {
    const token = batch * groups * (headDim + headDimV) * (dtype === "f32" ? 4 : 2);
    if (!causal) return { isend: [ranks * (ranks - 1), (ranks - 1) * context * token] };
    const hops = Array.from({ length: ranks }, (_, rank) => ranks - 1 - rank);
    const tokens = hops.reduce((sum, visits, rank) => sum + visits * partOf(context, ranks, rank), 0);
    return { isend: [(ranks * (ranks - 1)) / 2, tokens * token] };
  },
  scratchBytes: ({ dims: { batch, length, context, heads, headDimV } }, { ranks }) =>
    3 * f32Bytes(batch, heads, Math.min(ROWS, length), Math.ceil(context / ranks)) +
    3 * f32Bytes(batch, length, heads, headDimV),
});

/** As distributed/shards.py divides: the first ranks have one more. */
function partOf(total: number, ranks: number, rank: number): number {
  return Math.floor(total / ranks) + (rank < total % ranks ? 1 : 0);
}
