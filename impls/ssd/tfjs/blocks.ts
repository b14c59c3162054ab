/**
 * The block decomposition of the semiseparable matrix in tensor ops (section 6 and listing 1 of the paper). One chunk of the whole
 * length is the quadratic form. Letters: m chunks, k heads of a block, q places in a chunk (s source, t target), p, n.
 */
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "../../engines/tfjs.js";
import { type Problem, shapeOf } from "../../operator.js";
import { gated } from "../../recurrence/gated.js";
import { ssd } from "../operator.js";

/** Sizes of one problem cut into chunks, and of the heads that are computed together. */
interface Plan {
  readonly chunk: number;
  readonly chunks: number;
  /** Heads of one group whose decay matrices are alive at once. */
  readonly heads: number;
}

/** A decay matrix a head and chunk, its masked product and one copy in pieces. */
const MATRICES_ALIVE = 4;
const BLOCK_BYTES = 2 ** 26;

export function plan({ dims }: Pick<Problem, "dims">, chunkLength: number): Plan {
  const chunk = Math.min(chunkLength, dims.length);
  const chunks = Math.ceil(dims.length / chunk);
  const fitting = Math.max(1, Math.floor(BLOCK_BYTES / (4 * chunks * chunk * chunk)));
  let heads = Math.min(fitting, dims.heads / dims.groups);
  while ((dims.heads / dims.groups) % heads !== 0) heads--;
  return { chunk, chunks, heads };
}

/** Bytes of one tensor of decay matrices, the largest there is. */
export function matrixBytes({ chunk, chunks, heads }: Plan): number {
  return 4 * chunk * chunk * chunks * heads;
}

export function blockwise(engine: TfjsEngine, problem: Problem<typeof ssd>, chunkLength: number) {
  const { tf, pieces, products } = engine;
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const sizes = plan(problem, chunkLength);
  const { chunk, chunks, heads: k } = sizes;
  const padded = chunk * chunks;
  const width = k * headDim;
  const blocks = heads / k;

  /** (b t ...) -> (b padded ...), filled with zeros or, for decays, ones: padding changes no state. */
  const pad = (x: Tensor, value = 0): Tensor =>
    padded === length
      ? x
      : tf.pad(
          x,
          x.shape.map((_, axis): [number, number] => [0, axis === 1 ? padded - length : 0]),
          value,
        );
  /** (b padded h c) -> for each batch and each `split`-th of the columns a tensor (padded, columns). */
  const split = (x: Tensor, parts: number): Tensor[] => {
    const columns = x.size / (batch * padded * parts);
    const byPart = tf.transpose(tf.reshape(x, [batch, padded, parts, columns]), [0, 2, 1, 3]);
    return pieces(tf.reshape(byPart, [batch * parts, padded, columns]));
  };
  /** (m q k) scales (m q kp): a head's factor for all its channels. */
  const scaled = (x: Tensor, factor: Tensor): Tensor =>
    tf.reshape(tf.mul(tf.reshape(x, [-1, headDim]), tf.reshape(factor, [-1, 1])), x.shape);

  interface Masks extends Record<string, Tensor> {
    readonly after: Tensor;
    readonly notAfter: Tensor;
    readonly causal: Tensor;
  }

  /** @param X (padded, kp) @param a (padded, k) decays @param S0 (kp, n) @param BC (m, 1, s t) products of the group */
  const block = (
    X: Tensor,
    a: Tensor,
    B: Tensor,
    C: Tensor,
    BC: Tensor,
    S0: Tensor | undefined,
    masks: Masks,
  ) => {
    const aHeads = tf.transpose(tf.reshape(a, [chunks, chunk, k]), [0, 2, 1]);
    const XChunks = tf.reshape(X, [chunks, chunk, width]);
    // 1. within a chunk: (L o C B^T) X, transposed so that no large matrix needs a transpose.
    // L[s, t] is the product of a over the segment (s, t]: a product over the segment itself, nothing is divided or subtracted.
    // The masks multiply numbers in [0, 1] only, so that no 0 * Infinity can arise (broadcasting `where` is 40 times slower on wasm)
    const steps = tf.add(tf.mul(tf.reshape(aHeads, [chunks * k, 1, chunk]), masks.after), masks.notAfter);
    const L = tf.mul(tf.cumprod(steps, 2), masks.causal);
    const weights = tf.mul(tf.reshape(L, [chunks, k, chunk * chunk]), BC);
    const XColumns = tf.transpose(tf.reshape(X, [chunks, chunk, k, headDim]), [0, 2, 3, 1]);
    const within = products(
      tf.reshape(XColumns, [chunks * k, headDim, chunk]),
      tf.reshape(weights, [chunks * k, chunk, chunk]),
    );
    let Y = tf.transpose(tf.reshape(within, [chunks, k, headDim, chunk]), [0, 3, 1, 2]);
    Y = tf.reshape(Y, [chunks, chunk, width]);
    // 2. chunk states: what each chunk adds to the state at its end
    const toEnd = tf.cumprod(aHeads, 2, true, true);
    const decayed = scaled(XChunks, tf.transpose(toEnd, [0, 2, 1]));
    const added = products(tf.transpose(B, [0, 2, 1]), decayed);
    // 3. state passing: a recurrence over chunks
    const fromStart = tf.cumprod(aHeads, 2);
    const last = tf.slice(fromStart, [0, 0, chunk - 1], [chunks, k, 1]);
    const decays = pieces(tf.reshape(tf.mul(last, tf.ones([1, 1, headDim])), [chunks, 1, width]));
    let S = S0 ? tf.transpose(S0) : tf.zeros([state, width]);
    const entering: Tensor[] = [];
    pieces(added).forEach((addition, m) => {
      entering.push(S);
      S = m === 0 && !S0 ? addition : tf.add(tf.mul(S, decays[m]), addition);
    });
    // 4. from the state that enters a chunk to its outputs
    if (S0 || chunks > 1) {
      const carried = products(C, tf.stack(entering));
      Y = tf.add(Y, scaled(carried, tf.transpose(fromStart, [0, 2, 1])));
    }
    return { Y: tf.reshape(Y, [padded, width]), S: tf.transpose(S) };
  };

  return engine.prepared(ssd, problem, {
    scratchBytes: MATRICES_ALIVE * matrixBytes(sizes) + 16 * batch * padded * heads * headDim,
    constants: (): Masks => {
      const after = tf.tensor2d(
        Float32Array.from({ length: chunk * chunk }, (_, i) => (i % chunk > Math.floor(i / chunk) ? 1 : 0)),
        [chunk, chunk],
      );
      const notAfter = tf.sub(1, after);
      return { after, notAfter, causal: tf.add(after, tf.eye(chunk)) };
    },
    compute({ X, logA, B, C, dt, D, z, initialState }, masks) {
      const x = dt ? tf.mul(X, tf.reshape(dt, [batch, length, heads, 1])) : X;
      const xBlocks = split(pad(x), blocks);
      const aBlocks = split(pad(tf.exp(logA), 1), blocks);
      const [Bs, Cs] = [B, C].map((tensor) =>
        split(pad(tensor), groups).map((one) => tf.reshape(one, [chunks, chunk, state]) as Tensor3D),
      );
      const states = initialState && pieces(tf.reshape(initialState, [batch * blocks, width, state]));
      const Ys: Tensor[] = [];
      const finals: Tensor[] = [];
      let products_: Tensor | undefined;
      for (let i = 0, group = -1; i < xBlocks.length; i++) {
        const wanted = Math.floor((i * groups) / blocks);
        if (wanted !== group) {
          group = wanted;
          products_?.dispose();
          const BC = tf.tidy(() => products(Bs[group], tf.transpose(Cs[group], [0, 2, 1])));
          products_ = tf.reshape(BC, [chunks, 1, chunk * chunk]);
          BC.dispose();
        }
        const { Y, S } = tf.tidy(() =>
          block(xBlocks[i], aBlocks[i], Bs[group], Cs[group], products_!, states?.[i], masks),
        );
        Ys.push(Y);
        finals.push(S);
      }
      const byBlock = tf.reshape(tf.stack(Ys), [batch, blocks, padded, width]);
      const all = tf.reshape(tf.transpose(byBlock, [0, 2, 1, 3]), [batch, padded, heads, headDim]);
      const Y = padded === length ? all : tf.slice(all, [0, 0, 0, 0], [batch, length, heads, headDim]);
      return {
        Y: gated(tf, Y, X, D && tf.reshape(D, [heads, -1]), z),
        finalState: tf.reshape(tf.stack(finals), shapeOf(ssd.outputs.finalState, problem.dims)),
      };
    },
  });
}
