/** The one launch of tiled attention. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type Attention, attention, attentionScale } from "../operator.js";
import { isNarrowed, visibleKeys } from "../reference/visible.js";
import { paddedDims, ROW_VALUES, roomBytes, type Tiles } from "./plan.js";

/** Parts of one program, in this order; the last one is chosen. */
const shared = [
  new URL("./tiled.problem.cu", import.meta.url),
  new URL("./tiled.softmax.cu", import.meta.url),
];
const wgmmaUrl = new URL("./tiled.wgmma.cu", import.meta.url);
const mmaUrl = new URL("./tiled.mma.cu", import.meta.url);

const LOG2_E = Math.LOG2E;

/** The source of the launch, and the definitions it is compiled with. */
export function tiledSource(problem: Problem<Attention>, tiles: Tiles) {
  const { dims, settings, dtype } = problem;
  const { head, value } = paddedDims(problem);
  const wide = dims.headDim % ROW_VALUES === 0 && dims.headDimV % ROW_VALUES === 0;
  const flag = (holds: boolean) => (holds ? 1 : 0);
  return {
    libraries: ["matrices"] as const,
    urls: [...shared, tiles.mma ? mmaUrl : wgmmaUrl],
    entry: "attend",
    plain: tiles.mma,
    defines: {
      BFLOAT: flag(dtype === "bf16"),
      MMA_SYNC: flag(tiles.mma),
      HEAD_DIM: head,
      VALUE_DIM: value,
      QUERIES: tiles.queries,
      KEYS: tiles.keys,
      SLOTS: tiles.slots,
      SPANS: flag(isNarrowed(problem)),
      CAUSAL: flag(settings.causal),
      NEGATIVE: flag(attentionScale(problem) < 0),
      WIDE: flag(wide),
    },
  };
}

export function prepareTiled(engine: CudaEngine, problem: Problem<Attention>, tiles: Tiles) {
  const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
  const stage = engine.stage(attention, problem);
  const [Q, K, V] = [stage.input("Q"), stage.input("K"), stage.input("V")];
  const queryTiles = Math.ceil(length / tiles.queries);
  const spans = isNarrowed(problem) ? stage.upload("spans", spanTable(problem)) : 0n;
  const parameters = engine.pack([
    ...[Q, K, V, spans, stage.output("Y")],
    ...[batch, length, context, heads, groups, headDim, headDimV, queryTiles],
    { f32: attentionScale(problem) * LOG2_E },
  ]);
  const boxes = (address: bigint, channels: number, rows: number, of: number, tokens: number) =>
    engine.tensorMap(address, [channels, rows, tokens, batch], [64, 1, of, 1], 128);
  const maps = tiles.mma
    ? []
    : [
        boxes(Q, headDim, heads, 64, length),
        boxes(K, headDim, groups, tiles.keys, context),
        boxes(V, headDimV, groups, tiles.keys, context),
      ];
  stage.kernel(
    tiledSource(problem, tiles),
    {
      blocks: queryTiles * heads * batch,
      // warpgroups of 64 queries and one that copies, or a warp for each 16 queries
      threads: tiles.mma ? 2 * tiles.queries : 2 * tiles.queries + 128,
      sharedBytes: roomBytes(problem, tiles),
    },
    [parameters, ...maps],
  );
  return stage.prepared();
}

/** The first key that each query sees and the one behind its last, side by side. */
function spanTable(problem: Problem<Attention>): Uint8Array {
  const { first, end } = visibleKeys(problem);
  const table = new Int32Array(2 * first.length);
  for (let i = 0; i < first.length; i++) {
    table[2 * i] = first[i];
    table[2 * i + 1] = end[i];
  }
  return new Uint8Array(table.buffer);
}
