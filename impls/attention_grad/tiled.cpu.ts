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

/** Keys, and queries, that are met together. */
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
    const [q, dy] = [new Float64Array(headDim), new Float64Array(headDimV)];
    const means = new Float64Array(TILE * headDimV);
    const [scores, values] = [new Float64Array(TILE), new Float64Array(TILE)];

    const loadQuery = (b: number, group: number, i: number): void => {
      const row = (b * length + Math.floor(i / share)) * heads + group * share + (i % share);
      gatherRows(Q, row * headDim, 0, 1, headDim, q, headDim);
      gatherRows(dY, row * headDimV, 0, 1, headDimV, dy, headDimV);
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

    /** 1. Statistics of some queries over all their keys, with the mean of V where it is asked for. */
    const lookAhead = (b: number, group: number, i0: number, queries: number) => {
      const tokenOf = (i: number) => b * length + Math.floor(i / share);
      maxima.fill(Number.NEGATIVE_INFINITY, i0, i0 + queries);
      for (const statistic of [sums, D]) statistic.fill(0, i0, i0 + queries);
      means.fill(0);
      // neither end of what is seen falls from one query to the next
      const last = end[tokenOf(i0 + queries - 1)];
      for (let s0 = first[tokenOf(i0)]; s0 < last; s0 += TILE) {
        loadKeys(b, group, s0, Math.min(TILE, last - s0));
        for (let i = i0; i < i0 + queries; i++) {
          const from = Math.max(0, first[tokenOf(i)] - s0);
          const to = Math.min(TILE, end[tokenOf(i)] - s0);
          if (to <= from) continue;
          loadQuery(b, group, i);
          meet(from, to);
          lookAtTile(i, from, to, (i - i0) * headDimV);
        }
      }
      for (let i = i0; i < i0 + queries; i++) {
        if (sums[i] > 0) D[i] /= sums[i];
        const row = (tokenOf(i) * heads + group * share + (i % share)) * headDimV;
        for (let e = 0; e < headDimV && outputs.Y; e++)
          outputs.Y[row + e] = sums[i] > 0 ? means[(i - i0) * headDimV + e] / sums[i] : 0;
      }
    };

    /** What was summed under a smaller maximum shrinks to the new one. */
    const lookAtTile = (i: number, from: number, to: number, mean: number) => {
      let max = maxima[i];
      for (let s = from; s < to; s++) max = Math.max(max, scores[s]);
      const rescale = Math.exp(maxima[i] - max);
      maxima[i] = max;
      sums[i] *= rescale;
      D[i] *= rescale;
      if (outputs.Y) for (let e = 0; e < headDimV; e++) means[mean + e] *= rescale;
      for (let s = from; s < to; s++) {
        const p = Math.exp(scores[s] - max);
        sums[i] += p;
        D[i] += p * values[s];
        if (outputs.Y) addRow(means, mean, p, tile.V, s * headDimV, headDimV);
      }
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

    const scratchBytes = [dQ, maxima, sums, D].reduce((bytes, { byteLength }) => bytes + byteLength, 0);
    return engine.prepared(
      attentionGrad,
      problem,
      outputs,
      () => {
        for (let b = 0; b < batch; b++)
          for (let group = 0; group < groups; group++) {
            for (let i = 0; i < length * share; i += TILE)
              lookAhead(b, group, i, Math.min(TILE, length * share - i));
            dQ.fill(0);
            for (let s0 = 0; s0 < context; s0 += TILE) oneTile(b, group, s0, Math.min(TILE, context - s0));
            for (let i = 0; i < length * share; i++) {
              const row = (b * length + Math.floor(i / share)) * heads + group * share + (i % share);
              for (let n = 0; n < headDim; n++) outputs.dQ[row * headDim + n] = dQ[i * headDim + n];
            }
          }
      },
      scratchBytes,
    );
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
