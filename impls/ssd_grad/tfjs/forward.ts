/**
 * The chunked form in differentiable tensor ops: decays within a chunk are sums of log decays over the segment, since cumulative products
 * have no gradient in TensorFlow.js. Letters as in impls/ssd/tfjs/blocks.ts; i counts batches, chunks and heads together.
 */
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import type { Differentiable, TensorProgram } from "../../engines/tfjs.js";
import type { Problem } from "../../operator.js";
import { gated, keptPast } from "../../recurrence/gated.js";
import type { Ssd } from "../../ssd/operator.js";
import type { SsdGrad } from "../operator.js";

/** exp of it is 0, and it is finite: 0 times an infinite log decay would be no number on the way back. */
const FORGOTTEN = -1e4;

interface Masks extends Record<string, Tensor> {
  /** (1, s, t): 1 where the target t comes after the source s, and where it does not come before it. */
  readonly after: Tensor;
  readonly causal: Tensor;
}

/** Bytes of the decay matrices of all heads and chunks. */
export function matrixBytes({ dims }: Pick<Problem, "dims">, chunk: number): number {
  return 4 * dims.batch * dims.heads * Math.ceil(dims.length / chunk) * chunk * chunk;
}

export function chunkedProgram(
  { tf, pieces }: Differentiable,
  { dims, inputs: sources, settings }: Problem<SsdGrad>,
  wanted: number,
): TensorProgram<Ssd, Masks> {
  const { batch, length, heads, groups, headDim, state } = dims;
  const chunk = Math.min(wanted, length);
  const chunks = Math.ceil(length / chunk);
  const all = batch * chunks * heads;

  /** (b t h c) -> (i, q, c); padding is zeros, which change nothing. */
  const byHead = (x: Tensor, width: number): Tensor3D => {
    const more = chunks * chunk - length;
    const padded =
      more === 0
        ? x
        : tf.pad(x, [
            [0, 0],
            [0, more],
            [0, 0],
            [0, 0],
          ]);
    const cut = tf.reshape(padded, [batch * chunks, chunk, -1, width]);
    return tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [-1, chunk, width]);
  };
  /** The same of B and C, whose groups are repeated for each of their heads. */
  const ofGroup = (x: Tensor): Tensor3D => {
    const one = tf.reshape(byHead(x, state), [batch * chunks * groups, 1, chunk * state]);
    return tf.reshape(tf.tile(one, [1, heads / groups, 1]), [all, chunk, state]);
  };

  /** Log decays and steps, (b t h) each. */
  const stepsOf = (logA: Tensor, dt?: Tensor, dtBias?: Tensor, documents?: Tensor) => {
    let step = dt;
    if (step && dtBias) step = tf.add(step, dtBias);
    if (step && settings.softplus) step = tf.softplus(step);
    if (step && (settings.dtMin > 0 || settings.dtMax > 0))
      step = tf.minimum(tf.maximum(step, settings.dtMin), settings.dtMax || Number.POSITIVE_INFINITY);
    const own = sources.logA?.axes.length === 1 && step ? tf.mul(step, logA) : logA;
    if (!documents) return { l: own, step };
    const kept = tf.reshape(keptPast(tf, documents), [batch, length, 1]);
    return { l: tf.add(tf.mul(own, kept), tf.mul(tf.sub(1, kept), FORGOTTEN)), step };
  };

  return {
    scratchBytes: 6 * matrixBytes({ dims }, chunk) + 48 * batch * length * heads * headDim,
    constants: () => {
      const mask = (sees: (s: number, t: number) => boolean) =>
        tf.tensor3d(
          Float32Array.from({ length: chunk * chunk }, (_, i) =>
            Number(sees(Math.floor(i / chunk), i % chunk)),
          ),
          [1, chunk, chunk],
        );
      return { after: mask((s, t) => t > s), causal: mask((s, t) => t >= s) };
    },
    compute({ X, logA, B, C, dt, D, z, initialState, dtBias, documents }, { after, causal }) {
      const { l, step } = stepsOf(logA, dt, dtBias, documents);
      const x = byHead(step ? tf.mul(X, tf.reshape(step, [batch, length, heads, 1])) : X, headDim);
      const [b, c] = [ofGroup(B), ofGroup(C)];
      // tokens last: cumsum along another axis has a gradient of the wrong shape in TensorFlow.js
      const logs = tf.transpose(byHead(tf.reshape(l, [batch, length, heads, 1]), 1), [0, 2, 1]);

      // 1. within a chunk: (L o C B^T) X, L a sum over the segment
      const segments = tf.cumsum(tf.mul(logs, after), 2);
      const L = tf.mul(tf.exp(segments), causal);
      const scores = tf.matMul(b, tf.transpose(c, [0, 2, 1]));
      const within = tf.matMul(tf.transpose(tf.mul(L, scores), [0, 2, 1]) as Tensor3D, x);

      // 2. chunk states
      const toEnd = tf.slice(L, [0, 0, chunk - 1], [all, chunk, 1]);
      const added = tf.matMul(tf.transpose(tf.mul(x, toEnd), [0, 2, 1]), b);

      // 3. pass states from chunk to chunk
      const perChunk = (tensor: Tensor, width: number) =>
        pieces(tf.transpose(tf.reshape(tensor, [batch, chunks, heads, width]), [1, 0, 2, 3]));
      const totals = perChunk(tf.exp(tf.sum(logs, 2)), 1);
      let S = initialState
        ? tf.reshape(initialState, [batch, heads, headDim * state])
        : tf.zeros([batch, heads, headDim * state]);
      const entering: Tensor[] = [];
      perChunk(added, headDim * state).forEach((addition, m) => {
        entering.push(S);
        S = tf.add(tf.mul(S, totals[m]), addition);
      });

      // 4. state to output
      const before = tf.reshape(tf.stack(entering, 1), [all, headDim, state]);
      const carried = tf.matMul(c, tf.transpose(before, [0, 2, 1]));
      const cut = tf.add(within, tf.mul(carried, tf.transpose(tf.exp(tf.cumsum(logs, 2)), [0, 2, 1])));
      const tokens = tf.transpose(tf.reshape(cut, [batch * chunks, heads, chunk, headDim]), [0, 2, 1, 3]);
      const padded = tf.reshape(tokens, [batch, chunks * chunk, heads, headDim]);
      const Y = tf.slice(padded, [0, 0, 0, 0], [batch, length, heads, headDim]);
      return {
        Y: gated(tf, Y, X, D && tf.reshape(D, [heads, -1]), z),
        finalState: tf.reshape(S, [batch, heads, headDim, state]),
      };
    },
  };
}
