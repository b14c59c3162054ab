/**
 * Float64 truth of attention's gradients, the heads of one group of one batch at a time (README.md, "The bound").
 *
 *   dL_ts = p_ts (dY_t . v_s - D_t), D_t = sum_s p_ts dY_t . v_s
 *   dQ_t = scale sum_s dL_ts k_s    dK_s = scale sum_t dL_ts q_t    dV_s = sum_t p_ts dY_t, the sums over t over all heads of the group
 */
import { attentionScale } from "../attention/operator.js";
import { visibleKeys } from "../attention/reference/visible.js";
import type { Bounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import { type AnyOperator, inputReader, type Lane, type LaneReference, type Problem } from "../operator.js";
import { emptyRow, fillRow, type Matrix } from "./reference/row.js";
import { RowSums } from "./reference/sums.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"dQ" | "dK" | "dV">> {
  for (const lane of lanes) {
    const { batch, groups } = laneCoordinates(operator, problem, lane);
    yield { lane, outputs: groupGradients(operator, problem, batch, groups) as never };
  }
}

function groupGradients(
  operator: AnyOperator,
  problem: Problem,
  b: number,
  group: number,
): Record<string, Bounds> {
  const { length, context, heads, groups, headDim, headDimV } = problem.dims;
  const share = heads / groups;
  const visible = visibleKeys(problem);
  const scale = attentionScale(problem);
  const rows = (name: string, count: number, width: number, first: number) => {
    const reader = inputReader(operator, problem, name)!;
    return Float64Array.from({ length: count * width }, (_, i) =>
      reader.at(b * count + Math.floor(i / width), first + (i % width)),
    );
  };
  const Q = rows("Q", length, share * headDim, group * share * headDim);
  const dY = rows("dY", length, share * headDimV, group * share * headDimV);
  const K = rows("K", context, headDim, group * headDim);
  const V = rows("V", context, headDimV, group * headDimV);
  const sums = {
    dQ: new RowSums(length * share, headDim),
    dK: new RowSums(context, headDim),
    dV: new RowSums(context, headDimV),
    ...(problem.settings.training ? { Y: new RowSums(length * share, headDimV) } : {}),
  };
  const [empty, lambda] = [emptyRow(context), new Float64Array(context)];
  const mean = new Float64Array(headDim);
  let flushed = 0;

  for (let i = 0; i < length * share; i++) {
    const first = visible.first[b * length + Math.floor(i / share)];
    const keys = visible.end[b * length + Math.floor(i / share)] - first;
    const q = Q.subarray(i * headDim, (i + 1) * headDim);
    const dy = dY.subarray(i * headDimV, (i + 1) * headDimV);
    const matrix = (values: Float64Array, width: number): Matrix => ({ values, first, width });
    const row = fillRow(empty, keys, q, matrix(K, headDim), dy, matrix(V, headDimV), scale, lambda);
    const { p, d } = row;
    mean.fill(0);
    for (let s = 0; s < keys; s++) {
      const weight = scale * p[s] * d[s];
      const size = Math.abs(scale) * p[s] * row.scale[s];
      const squares = scale ** 2 * row.gradientSquares[s];
      const key = first + s;
      sums.dQ.add(i, weight, size, squares, row.gradientCount, K, key * headDim);
      const shared = squares + scale ** 2 * p[s] ** 2 * row.dSquares;
      sums.dK.add(key, weight, size, shared, row.gradientCount, Q, i * headDim);
      sums.dV.add(key, p[s], p[s], row.weightSquares[s], row.weightCount, dY, i * headDimV);
      sums.Y?.add(i, p[s], p[s], row.weightSquares[s], row.weightCount, V, key * headDimV);
      for (let n = 0; n < headDim; n++) mean[n] += p[s] * K[key * headDim + n];
      flushed = Math.max(flushed, Math.abs(scale) * row.scale[s]);
    }
    sums.dQ.share(i, (n) => scale ** 2 * row.dSquares * mean[n] ** 2);
  }
  // a form that repeats a group's keys stores the gradients of each head, half a step of f16 apart, and then their sum
  const stored = { dQ: 1, dK: Math.max(1, (share + 1) / 2), dV: Math.max(1, (share + 1) / 2), Y: 1 };
  const steps = (name: string) => (problem.dtype === "f16" ? stored[name as keyof typeof stored] : 0);
  const flushedBy: Readonly<Record<string, number>> = { dQ: flushed, dK: flushed, dV: 1, Y: 1 };
  return Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [
      name,
      sum.bounds(flushedBy[name] * Math.max(1, context), steps(name)),
    ]),
  );
}
