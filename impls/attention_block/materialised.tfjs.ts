/** The block in tensor ops around the whole matrix of scores, or one row of it. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { materialisedTfjs as prefill } from "../attention/materialised.tfjs.js";
import { materialisedTfjs as step } from "../attention_decode/materialised.tfjs.js";
import { columns, finished, programOf, projected } from "../blocks/tfjs/stages.js";
import type { TensorOps } from "../engines/tfjs.js";
import { implementation } from "../implementation.js";
import { prefillProblem, stepProblem } from "./cpu/map-problem.js";
import { attentionBlock } from "./operator.js";
import { turnsOf } from "./reference/rotary.js";

export const materialisedTfjs = implementation(attentionBlock, "tfjs", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), and 2104.09864 (rotary positions)",
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: (problem) =>
    problem.inputs.keys
      ? step.rounding(stepProblem(problem), {})
      : prefill.rounding(prefillProblem(problem), {}),
  unsupported: (problem) =>
    problem.inputs.keys
      ? step.unsupported?.(stepProblem(problem), {})
      : prefill.unsupported?.(prefillProblem(problem), {}),
  async prepare(engine, problem) {
    const { tf } = engine;
    const { batch, length, context, heads, groups, headDim, inner } = problem.dims;
    const { rotary, eps } = problem.settings;
    const cached = problem.inputs.keys !== undefined;
    const whole = cached ? undefined : await programOf(engine, prefill, prefillProblem(problem));
    const one = cached ? await programOf(engine, step, stepProblem(problem)) : undefined;
    return engine.prepared(attentionBlock, problem, {
      constants: () => ({
        ...(whole ?? one)!.constants?.(),
        ...(rotary === 0 ? {} : turns(tf, cached ? context : 0, length, headDim, rotary)),
      }),
      scratchBytes: (whole ?? one)!.scratchBytes + 4 * batch * length * 8 * inner,
      compute(inputs, { cos, sin, ...constants }) {
        // 1. project
        const rows = projected(tf, inputs, eps);
        const part = (first: number, count: number) =>
          tf.reshape(columns(tf, rows, first * headDim, count * headDim), [batch, length, count, headDim]);
        // 4. positions and attention
        const Q = turned(tf, part(0, heads), cos, sin);
        const K = turned(tf, part(heads, groups), cos, sin);
        const V = part(heads + groups, groups);
        const flat = (tensor: Tensor, count: number) => tf.reshape(tensor, [batch, count, headDim]);
        const mapped = whole
          ? whole.compute({ Q, K, V } as never, constants)
          : one!.compute(
              {
                ...{ Q: flat(Q, heads), K: inputs.keys, V: inputs.values },
                ...{ k: flat(K, groups), v: flat(V, groups) },
              } as never,
              constants,
            );
        // 6. project
        return {
          Y: finished(tf, inputs, tf.reshape(mapped.Y, [-1, inner])),
          newKeys: K,
          newValues: V,
        };
      },
    });
  },
});

/** Cosines and sines of the tokens' angles, (1 t 1 d/2). */
function turns(tf: TensorOps, first: number, length: number, headDim: number, base: number) {
  const tables = turnsOf(first, length, headDim, base);
  const table = (of: Float64Array) =>
    tf.tensor(Float32Array.from(of), [1, length, 1, Math.floor(headDim / 2)]);
  return { cos: table(tables.cos), sin: table(tables.sin) };
}

/** Channel i of a head's first half and channel i of its second together; an odd last one stays. */
function turned(tf: TensorOps, X: Tensor, cos: Tensor | undefined, sin: Tensor | undefined): Tensor {
  const headDim = X.shape[3]!;
  const half = Math.floor(headDim / 2);
  if (!cos || !sin || half === 0) return X;
  const of = (first: number, count: number) => tf.slice(X, [0, 0, 0, first], [-1, -1, -1, count]);
  const [x, y] = [of(0, half), of(half, half)];
  return tf.concat(
    [
      tf.sub(tf.mul(x, cos), tf.mul(y, sin)),
      tf.add(tf.mul(x, sin), tf.mul(y, cos)),
      ...(headDim > 2 * half ? [of(2 * half, 1)] : []),
    ],
    3,
  );
}
