/** The scan form: all states at once by an associative scan, as Mamba-1 computes them (section 5.1 of the paper). */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { type Problem, shapeOf } from "../operator.js";
import {
  associativeScan,
  channelsTogether,
  SCAN_COPIES,
  scanRoundings,
} from "../recurrence/associative-scan.js";
import { gated } from "../recurrence/gated.js";
import { STEPS, ssd } from "./operator.js";
import { tokenSteps } from "./tfjs/steps.js";

/** Channels of one head that are scanned together. */
function together({ dims }: Pick<Problem, "dims">): number {
  return channelsTogether(dims.headDim, dims.length, dims.state);
}

function stateBytes(problem: Pick<Problem, "dims">): number {
  return 4 * problem.dims.length * problem.dims.state * together(problem);
}

export const scanTfjs = implementation(ssd, "tfjs", {
  form: "scan",
  takes: STEPS,
  source: "arXiv 2405.21060, section 5.1; Blelloch 1990 (impls/recurrence/associative-scan.ts)",
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dims }) => f32Rounding(scanRoundings(dims.length)),
  unsupported: (problem) => tooLarge("the states of one channel (length x state)", stateBytes(problem)),
  prepare(engine, problem) {
    const { tf, pieces } = engine;
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const width = together(problem);
    const blocks = headDim / width;

    /** @param x (t, p) @param a (t, 1) @param B, C (t, 1, n) @param S0 (1, 1, pn) */
    const scanned = (x: Tensor, a: Tensor, B: Tensor, C: Tensor, S0: Tensor) => {
      const b = tf.mul(tf.reshape(x, [length, width, 1]), B);
      const S = associativeScan(
        engine,
        tf.reshape(a, [length, 1, 1]),
        tf.reshape(b, [length, 1, width * state]),
        S0,
      );
      b.dispose();
      const Y = tf.sum(tf.mul(tf.reshape(S, [length, width, state]), C), 2);
      return { Y, S: tf.slice(S, [length - 1, 0, 0], [1, 1, width * state]) };
    };

    return engine.prepared(ssd, problem, {
      scratchBytes: SCAN_COPIES * stateBytes(problem),
      compute({ X, logA, B, C, dt, D, z, initialState, dtBias, documents }) {
        const { a, dt: step } = tokenSteps(tf, problem, { logA, dt, dtBias, documents });
        const x = step ? tf.mul(X, tf.reshape(step, [batch, length, heads, 1])) : X;
        // (b t h p) -> a piece (t, p) for each batch, head and block of channels; (b t g n) -> (t, n) for each batch and group
        const byColumns = (tensor: Tensor, parts: number) =>
          pieces(
            tf.reshape(tf.transpose(tf.reshape(tensor, [batch, length, parts, -1]), [0, 2, 1, 3]), [
              batch * parts,
              length,
              -1,
            ]),
          );
        const xs = byColumns(x, heads * blocks);
        const as = byColumns(a, heads);
        const [Bs, Cs] = [B, C].map((tensor) =>
          byColumns(tensor, groups).map((columns) => tf.reshape(columns, [length, 1, state])),
        );
        const shape = [batch * heads * blocks, 1, 1, width * state];
        const starts = pieces(initialState ? tf.reshape(initialState, shape) : tf.zeros(shape));
        const parts = xs.map((part, i) => {
          const head = Math.floor(i / blocks);
          const group = Math.floor((head * groups) / heads);
          return tf.tidy(() => scanned(part, as[head], Bs[group], Cs[group], starts[i]));
        });
        const byHead = tf.reshape(tf.stack(parts.map(({ Y }) => Y)), [batch, heads * blocks, length, width]);
        const Y = tf.reshape(tf.transpose(byHead, [0, 2, 1, 3]), [batch, length, heads, headDim]);
        const finalState = tf.reshape(
          tf.concat(parts.map(({ S }) => S)),
          shapeOf(ssd.outputs.finalState, problem.dims),
        );
        return { Y: gated(tf, Y, X, D && tf.reshape(D, [heads, -1]), z), finalState };
      },
    });
  },
});
