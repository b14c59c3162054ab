/** The block in tensor ops around the chunked form of its map. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { featureMatrix, featureShare } from "../blocks/random-features.js";
import {
  columns,
  convolved,
  finished,
  linear,
  mapped,
  programOf,
  projected,
  repeated,
  rmsNorm,
  silu,
} from "../blocks/tfjs/stages.js";
import type { TensorOps } from "../engines/tfjs.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { chunkedTfjs as map } from "../ssd/chunked.tfjs.js";
import { mapProblem } from "./cpu/map-problem.js";
import { EXTRAS, featureOf, type Mamba2Block, mamba2Block, partsOf } from "./operator.js";

export const chunkedTfjs = implementation(mamba2Block, "tfjs", {
  form: "chunked",
  takes: EXTRAS,
  source: `arXiv 2405.21060, section 7 and figure 6, around ${map.source}`,
  options: (problem, engine) => map.options!(mapProblem(problem), engine),
  nonFinite: map.nonFinite!,
  rounding: (problem, options) => map.rounding(mapProblem(problem), options),
  unsupported: (problem, options) => map.unsupported?.(mapProblem(problem), options),
  async prepare(engine, problem, options) {
    const { tf } = engine;
    const {
      batch,
      length,
      heads,
      groups,
      headDim,
      state,
      inner,
      channels,
      projected: rowSize,
    } = problem.dims;
    const { settings } = problem;
    const { mlp, z, x, B, C } = partsOf(problem.dims, settings);
    const asked = mapProblem(problem);
    const scan = await programOf(engine, map, asked, options);
    const first = 2 * mlp + z;
    return engine.prepared(mamba2Block, problem, {
      constants: () => ({
        ...scan.constants?.(),
        ...(featureOf(settings) === "random" ? { W: tf.tensor(featureMatrix(state), [state, state]) } : {}),
      }),
      scratchBytes: scan.scratchBytes + 4 * batch * length * (3 * rowSize + 8 * channels + 8 * inner),
      compute(inputs, { W, ...constants }) {
        // 1. project
        const rows = projected(tf, inputs, settings.eps);
        const gate = columns(tf, rows, 2 * mlp, z);
        // 2. convolve
        const raw = tf.reshape(columns(tf, rows, first, channels), [batch, length, channels]);
        const { Y: sums, last } = convolved(tf, raw, inputs);
        const seen = tf.reshape(sums, [-1, channels]);
        const X = silu(tf, columns(tf, seen, 0, x));
        // 3. select
        const chosen = inputs.xProj ? linear(tf, X, inputs.xProj) : columns(tf, seen, x, B + C);
        const dt = inputs.xProj
          ? columns(tf, chosen, B + C, heads)
          : columns(tf, rows, rowSize - heads, heads);
        const part = (start: number, count: number) => {
          const all = features(tf, problem, columns(tf, chosen, start, count), W);
          return shaped(repeated(tf, all, count / state, asked.dims.groups), state);
        };
        const shaped = (value: Tensor, size: number) => tf.reshape(value, [batch, length, -1, size]);
        // 4. map
        const { Y, finalState } = scan.compute(
          {
            X: shaped(repeated(tf, X, x / headDim, heads), headDim),
            logA: tf.neg(tf.exp(inputs.ALog)),
            ...{ B: part(0, B), C: part(B, C) },
            dt: tf.reshape(dt, [batch, length, heads]),
            ...{ D: inputs.D, dtBias: inputs.dtBias, documents: inputs.documents },
            ...(inputs.normWeight ? {} : { z: shaped(gate, headDim) }),
            initialState:
              inputs.initialState && tf.add(tf.zeros([batch, heads, headDim, state]), inputs.initialState),
          } as never,
          constants,
        );
        // 5. gate and norm, the MLP in front
        let y: Tensor = tf.reshape(Y, [-1, z]);
        if (inputs.normWeight) {
          const normed = (value: Tensor) =>
            rmsNorm(tf, value, inputs.normWeight!, settings.eps, settings.normGroups || groups);
          const open = silu(tf, gate);
          y = settings.normBeforeGate ? tf.mul(normed(y), open) : normed(tf.mul(y, open));
        }
        if (mlp > 0)
          y = tf.concat([tf.mul(silu(tf, columns(tf, rows, 0, mlp)), columns(tf, rows, mlp, mlp)), y], 1);
        // 6. project
        return { Y: finished(tf, inputs, y), finalState, finalConv: last };
      },
    });
  },
});

/** The feature map of B or C. @param W of random features */
function features(
  tf: TensorOps,
  { dims, settings }: Problem<Mamba2Block>,
  rows: Tensor,
  W: Tensor | undefined,
): Tensor {
  const feature = featureOf(settings);
  if (feature !== "layer-norm" && feature !== "random") return mapped(tf, feature, rows);
  const { state } = dims;
  const of = tf.reshape(rows, [-1, state]);
  if (feature === "random") {
    const square = tf.mul(tf.sum(tf.square(of), 1, true), featureShare(state));
    const made = tf.mul(tf.exp(tf.sub(linear(tf, of, W!), square)), 1 / Math.sqrt(state));
    return tf.reshape(made, rows.shape);
  }
  const away = tf.sub(of, tf.mean(of, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(away), 1, true), settings.eps));
  return tf.reshape(tf.mul(away, inverse), rows.shape);
}
