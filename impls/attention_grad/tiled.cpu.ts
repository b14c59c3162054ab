/**
 * FlashAttention's backward pass: the softmax statistics and D of every query first, then tile after tile of keys, whose dK and dV stay
 * near while all queries that see them pass; probabilities are computed again. Memory does not grow with length times context.
 */
import { attentionScale, NARROWED } from "../attention/operator.js";
import { visibleKeys } from "../attention/reference/visible.js";
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { gatherRows } from "../recurrence/host-matrix.js";
import { attentionGrad } from "./operator.js";

/** Keys that are met together. */
const TILE = 32;

export const tiledCpu = implementation(attentionGrad, "cpu", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 2 (FlashAttention-2, backward)",
  // float64 but for the outputs
  rounding: () => hostRounding(0, 1),
  prepare(engine, problem) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const { Q, K, V, dY } = engine.inputs(attentionGrad, problem);
    const outputs = engine.outputs(attentionGrad, problem);
    const scale = attentionScale(problem);
    const { first, end } = visibleKeys(problem);
    const share = heads / groups;
    const dQ = new Float64Array(length * share * headDim);
    const maxima = new Float64Array(length * share);
    const sums = new Float64Array(length * share);
    const D = new Float64Array(length * share);
    const tile = {
      K: new Float64Array(TILE * headDim),
      V: new Float64Array(TILE * headDimV),
      dK: new Float64Array(TILE * headDim),
      dV: new Float64Array(TILE * headDimV),
    };
    const [q, dy, y] = [new Float64Array(headDim), new Float64Array(headDimV), new Float64Array(headDimV)];
    const [scores, values] = [new Float64Array(TILE), new Float64Array(TILE)];

    const loadQuery = (b: number, group: number, i: number) => {
      const row = (b * length + Math.floor(i / share)) * heads + group * share + (i % share);
      gatherRows(Q, row * headDim, 0, 1, headDim, q, headDim);
      gatherRows(dY, row * headDimV, 0, 1, headDimV, dy, headDimV);
      return row;
    };
    const loadKeys = (b: number, group: number, s0: number, keys: number) => {
      const row = (b * context + s0) * groups + group;
      gatherRows(K, row * headDim, groups * headDim, keys, headDim, tile.K, headDim);
      gatherRows(V, row * headDimV, groups * headDimV, keys, headDimV, tile.V, headDimV);
    };
    /** Scores, and dY . v, of the keys [from, to) of the tile. */
    const meet = (from: number, to: number) => {
      for (let s = from; s < to; s++) {
        scores[s] = scale * dot(q, tile.K, s * headDim);
        values[s] = dot(dy, tile.V, s * headDimV);
      }
    };

    /** 1. Statistics of one query over all its keys, with the mean of V where it is asked for. */
    const lookAhead = (b: number, group: number, i: number) => {
      const row = loadQuery(b, group, i);
      const seen = b * length + Math.floor(i / share);
      let [max, sum, weighted] = [Number.NEGATIVE_INFINITY, 0, 0];
      y.fill(0);
      for (let s0 = first[seen]; s0 < end[seen]; s0 += TILE) {
        const keys = Math.min(TILE, end[seen] - s0);
        loadKeys(b, group, s0, keys);
        meet(0, keys);
        const before = max;
        for (let s = 0; s < keys; s++) max = Math.max(max, scores[s]);
        // what was summed under a smaller maximum shrinks to the new one
        const rescale = Math.exp(before - max);
        sum *= rescale;
        weighted *= rescale;
        if (outputs.Y) for (let e = 0; e < headDimV; e++) y[e] *= rescale;
        for (let s = 0; s < keys; s++) {
          const p = Math.exp(scores[s] - max);
          sum += p;
          weighted += p * values[s];
          if (outputs.Y) addRow(y, 0, p, tile.V, s * headDimV, headDimV);
        }
      }
      [maxima[i], sums[i], D[i]] = [max, sum, sum > 0 ? weighted / sum : 0];
      if (outputs.Y)
        for (let e = 0; e < headDimV; e++) outputs.Y[row * headDimV + e] = sum > 0 ? y[e] / sum : 0;
    };

    /** 2. One tile of keys meets every query that sees some of it. */
    const oneTile = (b: number, group: number, s0: number, keys: number) => {
      loadKeys(b, group, s0, keys);
      tile.dK.fill(0);
      tile.dV.fill(0);
      for (let i = 0; i < length * share; i++) {
        const seen = b * length + Math.floor(i / share);
        const from = Math.max(0, first[seen] - s0);
        const to = Math.min(keys, end[seen] - s0);
        if (to <= from) continue;
        loadQuery(b, group, i);
        meet(from, to);
        for (let s = from; s < to; s++) {
          const p = Math.exp(scores[s] - maxima[i]) / sums[i];
          const dLogit = scale * p * (values[s] - D[i]);
          addRow(tile.dV, s * headDimV, p, dy, 0, headDimV);
          addRow(tile.dK, s * headDim, dLogit, q, 0, headDim);
          addRow(dQ, i * headDim, dLogit, tile.K, s * headDim, headDim);
        }
      }
      for (let s = 0; s < keys; s++) {
        const row = (b * context + s0 + s) * groups + group;
        for (let n = 0; n < headDim; n++) outputs.dK[row * headDim + n] = tile.dK[s * headDim + n];
        for (let e = 0; e < headDimV; e++) outputs.dV[row * headDimV + e] = tile.dV[s * headDimV + e];
      }
    };

    return engine.prepared(attentionGrad, problem, outputs, () => {
      for (let b = 0; b < batch; b++)
        for (let group = 0; group < groups; group++) {
          for (let i = 0; i < length * share; i++) lookAhead(b, group, i);
          dQ.fill(0);
          for (let s0 = 0; s0 < context; s0 += TILE) oneTile(b, group, s0, Math.min(TILE, context - s0));
          for (let i = 0; i < length * share; i++) {
            const row = (b * length + Math.floor(i / share)) * heads + group * share + (i % share);
            for (let n = 0; n < headDim; n++) outputs.dQ[row * headDim + n] = dQ[i * headDim + n];
          }
        }
    });
  },
});

function dot(x: Float64Array, matrix: Float64Array, from: number): number {
  let sum = 0;
  for (let n = 0; n < x.length; n++) sum += x[n] * matrix[from + n];
  return sum;
}

function addRow(
  target: Float64Array,
  to: number,
  weight: number,
  source: Float64Array,
  from: number,
  width: number,
): void {
  for (let n = 0; n < width; n++) target[to + n] += weight * source[from + n];
}
