/** Tiled attention with an online softmax, small enough to read, and two ways to get it wrong. */
import { attention, attentionScale } from "../../impls/attention/operator.js";
import { f32Rounding } from "../../impls/bound.js";
import { implementation } from "../../impls/implementation.js";

export interface Mistakes {
  /** Leaves what was summed under a smaller maximum as it is. */
  readonly noRescale?: boolean;
  /** Lets a query see so many keys more than it may. */
  readonly seesAhead?: number;
}

const TILE = 16;

export function wrongAttention(make: string, { noRescale = false, seesAhead = 0 }: Mistakes) {
  return implementation(attention, "cpu", {
    form: "tiled",
    source: `a planted bug: ${make}`,
    options: () => [{ make }],
    rounding: ({ dims }) => f32Rounding(dims.context),
    prepare(engine, problem) {
      const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
      const { Q, K, V } = engine.inputs(attention, problem);
      const outputs = engine.outputs(attention, problem);
      const scale = attentionScale(problem);
      const logits = new Float64Array(TILE);
      const row = new Float64Array(headDimV);

      return engine.prepared(attention, problem, outputs, () => {
        for (let i = 0; i < batch * length * heads; i++) {
          const h = i % heads;
          const t = Math.floor(i / heads) % length;
          const b = Math.floor(i / (heads * length));
          const key = (s: number) => (b * context + s) * groups + Math.floor(h / (heads / groups));
          const end = problem.settings.causal ? Math.min(context, t + 1 + seesAhead) : context;
          let max = Number.NEGATIVE_INFINITY;
          let sum = 0;
          row.fill(0);
          for (let s0 = 0; s0 < end; s0 += TILE) {
            const size = Math.min(TILE, end - s0);
            let tileMax = max;
            for (let s = 0; s < size; s++) {
              logits[s] = 0;
              for (let d = 0; d < headDim; d++)
                logits[s] += Q[i * headDim + d] * K[key(s0 + s) * headDim + d] * scale;
              tileMax = Math.max(tileMax, logits[s]);
            }
            const rescale = noRescale && s0 > 0 ? 1 : Math.exp(max - tileMax);
            max = tileMax;
            sum *= rescale;
            for (let p = 0; p < headDimV; p++) row[p] *= rescale;
            for (let s = 0; s < size; s++) {
              const weight = Math.exp(logits[s] - max);
              sum += weight;
              for (let p = 0; p < headDimV; p++) row[p] += weight * V[key(s0 + s) * headDimV + p];
            }
          }
          for (let p = 0; p < headDimV; p++) outputs.Y[i * headDimV + p] = row[p] / sum;
        }
      });
    },
  });
}
