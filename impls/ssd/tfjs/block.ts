/** One block of heads in tensor ops: the four steps of listing 1 of the paper. Letters as in blocks.ts. */
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "../../engines/tfjs.js";

/** What depends on the chunk length only. [s, t] is 1 where the target comes after, not after, and not before the source. */
export interface Masks extends Record<string, Tensor> {
  readonly after: Tensor;
  readonly notAfter: Tensor;
  readonly causal: Tensor;
}

/** Sizes of one block. */
export interface BlockSizes {
  readonly chunk: number;
  readonly chunks: number;
  /** Heads that are computed together. */
  readonly heads: number;
  readonly headDim: number;
  readonly state: number;
}

export interface BlockInputs {
  /** (padded, kp). */
  readonly X: Tensor;
  /** (padded, k) decays. */
  readonly a: Tensor;
  /** (m, q, n). */
  readonly B: Tensor3D;
  readonly C: Tensor3D;
  /** (m, 1, s t): products of the group. */
  readonly BC: Tensor;
  /** (kp, n); zero where it is missing. */
  readonly S0: Tensor | undefined;
}

/** @returns Y (padded, kp) and the state behind the last chunk (kp, n) */
export function block(engine: TfjsEngine, sizes: BlockSizes, masks: Masks, inputs: BlockInputs) {
  const { tf, pieces, products } = engine;
  const { chunk, chunks, heads, headDim, state } = sizes;
  const { X, a, B, C, S0 } = inputs;
  const width = heads * headDim;
  const aHeads = tf.transpose(tf.reshape(a, [chunks, chunk, heads]), [0, 2, 1]);
  // 1. within a chunk: (L o C B^T) X
  let Y = withinChunks(engine, sizes, masks, aHeads, inputs);
  // 2. chunk states: what each chunk adds to the state at its end
  const toEnd = tf.cumprod(aHeads, 2, true, true);
  const XChunks = tf.reshape(X, [chunks, chunk, width]);
  const decayed = scaled(engine, XChunks, tf.transpose(toEnd, [0, 2, 1]), headDim);
  const added = products(tf.transpose(B, [0, 2, 1]), decayed);
  // 3. state passing: a recurrence over chunks
  const fromStart = tf.cumprod(aHeads, 2);
  const last = tf.slice(fromStart, [0, 0, chunk - 1], [chunks, heads, 1]);
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
    Y = tf.add(Y, scaled(engine, carried, tf.transpose(fromStart, [0, 2, 1]), headDim));
  }
  return { Y: tf.reshape(Y, [chunks * chunk, width]), S: tf.transpose(S) };
}

/**
 * (L o C B^T) X of every chunk as (m, q, kp), computed transposed so that no large matrix needs a transpose.
 * L[s, t] is the product of a over the segment (s, t]: a product over the segment itself, nothing is divided or subtracted.
 * The masks multiply numbers in [0, 1] only, so that no 0 * Infinity can arise (broadcasting `where` is 40 times slower on wasm).
 */
function withinChunks(
  { tf, products }: TfjsEngine,
  { chunk, chunks, heads, headDim }: BlockSizes,
  masks: Masks,
  aHeads: Tensor,
  { X, BC }: Pick<BlockInputs, "X" | "BC">,
): Tensor {
  const steps = tf.add(tf.mul(tf.reshape(aHeads, [chunks * heads, 1, chunk]), masks.after), masks.notAfter);
  const L = tf.mul(tf.cumprod(steps, 2), masks.causal);
  const weights = tf.mul(tf.reshape(L, [chunks, heads, chunk * chunk]), BC);
  const XColumns = tf.transpose(tf.reshape(X, [chunks, chunk, heads, headDim]), [0, 2, 3, 1]);
  const within = products(
    tf.reshape(XColumns, [chunks * heads, headDim, chunk]),
    tf.reshape(weights, [chunks * heads, chunk, chunk]),
  );
  const Y = tf.transpose(tf.reshape(within, [chunks, heads, headDim, chunk]), [0, 3, 1, 2]);
  return tf.reshape(Y, [chunks, chunk, heads * headDim]);
}

/** (m q k) scales (m q kp): a head's factor for all its channels. */
function scaled({ tf }: TfjsEngine, x: Tensor, factor: Tensor, headDim: number): Tensor {
  return tf.reshape(tf.mul(tf.reshape(x, [-1, headDim]), tf.reshape(factor, [-1, 1])), x.shape);
}
