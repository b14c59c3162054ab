/**
 * Float64 truth of attention, one row at a time (README.md, "The bound").
 *
 *   p_s = exp(l_s - max l), l_s = scale q . k_s     y = sum_s p_s v_s / sum_s p_s
 *   lambda_s: the roundings behind p_s, relative to it
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { attention, attentionScale } from "./operator.js";

export function* reference(problem: Problem, lanes: readonly Lane[]): Generator<LaneReference<"Y">> {
  const { length, context, heads, groups, headDim, headDimV } = problem.dims;
  const [Q, K, V] = ["Q", "K", "V"].map((name) => inputReader(attention, problem, name)!);
  const scale = attentionScale(problem);
  const q = new Float64Array(headDim);
  const logits = new Float64Array(context);
  const absLogits = new Float64Array(context);

  for (const lane of lanes) {
    const { batch, length: t, heads: head } = laneCoordinates(attention, problem, lane);
    const group = Math.floor(head / (heads / groups));
    const keys = problem.settings.causal ? t + 1 : context;
    for (let n = 0; n < headDim; n++) q[n] = Q.at(batch * length + t, head * headDim + n);

    // 1. logits, and the same sum on absolute values
    let max = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < keys; s++) {
      let dot = 0;
      let absDot = 0;
      for (let n = 0; n < headDim; n++) {
        const term = q[n] * K.at(batch * context + s, group * headDim + n);
        dot += term;
        absDot += Math.abs(term);
      }
      logits[s] = scale * dot;
      absLogits[s] = Math.abs(scale) * absDot;
      max = Math.max(max, logits[s]);
    }

    // 2. probabilities (in place of the logits) and their relative roundings (in place of the absolute sums)
    let sum = 0;
    for (let s = 0; s < keys; s++) {
      const below = max - logits[s];
      logits[s] = Math.exp(-below);
      absLogits[s] = (headDim + 3) * absLogits[s] + 6 * below + 8;
      sum += logits[s];
    }
    yield { lane, outputs: { Y: weighted(logits, absLogits, sum) } };

    // 3. the weighted mean of the values and of what their weights may err by
    function weighted(p: Float64Array, lambda: Float64Array, total: number): Bounds {
      const Y = emptyBounds(headDimV);
      const lambdas = new Float64Array(headDimV);
      let lambdaMean = 0;
      for (let s = 0; s < keys; s++) {
        const share = p[s] / total;
        lambdaMean += share * lambda[s];
        for (let e = 0; e < headDimV; e++) {
          const v = V.at(batch * context + s, group * headDimV + e);
          Y.value[e] += share * v;
          Y.scale[e] += share * Math.abs(v);
          lambdas[e] += share * lambda[s] * Math.abs(v);
          Y.floor[e] += (Math.abs(v) + 1e-13) / total;
        }
      }
      for (let e = 0; e < headDimV; e++) {
        const relative = Math.abs(Y.value[e]) / Y.scale[e];
        Y.count[e] = Y.scale[e] > 0 ? lambdas[e] / Y.scale[e] + relative * lambdaMean : 0;
        Y.countPerSum[e] = 3;
      }
      return Y;
    }
  }
}
