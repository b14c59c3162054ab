/**
 * The block decomposition of the semiseparable matrix in tensor ops (section 6 and listing 1 of the paper). One chunk of the whole
 * length is the quadratic form. Letters: m chunks, k heads of a block, q places in a chunk (s source, t target), p, n.
 */
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "../../engines/tfjs.js";
import { type Problem, shapeOf } from "../../operator.js";
import { gated } from "../../recurrence/gated.js";
import { ssd } from "../operator.js";
import { block, type Masks } from "./block.js";
import { tokenSteps } from "./steps.js";

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

/** How the tensors of one problem are padded, cut into blocks and put together again. */
function layout({ tf, pieces }: TfjsEngine, { dims }: Problem<typeof ssd>, { chunk, chunks, heads }: Plan) {
  const { batch, length, headDim } = dims;
  const padded = chunk * chunks;
  const blocks = dims.heads / heads;
  return {
    /** Blocks of one sequence. */
    blocks,
    /** (b t ...) -> (b padded ...), filled with zeros or, for decays, ones: padding changes no state. */
    pad(x: Tensor, value = 0): Tensor {
      if (padded === length) return x;
      const more = x.shape.map((_, axis): [number, number] => [0, axis === 1 ? padded - length : 0]);
      return tf.pad(x, more, value);
    },
    /** (b padded h c) -> for each batch and each `split`-th of the columns a tensor (padded, columns). */
    split(x: Tensor, parts: number): Tensor[] {
      const columns = x.size / (batch * padded * parts);
      const byPart = tf.transpose(tf.reshape(x, [batch, padded, parts, columns]), [0, 2, 1, 3]);
      return pieces(tf.reshape(byPart, [batch * parts, padded, columns]));
    },
    /** Each block's (padded, kp) -> (b t h p). */
    join(Ys: Tensor[]): Tensor {
      const byBlock = tf.reshape(tf.stack(Ys), [batch, blocks, padded, heads * headDim]);
      const all = tf.reshape(tf.transpose(byBlock, [0, 2, 1, 3]), [batch, padded, dims.heads, headDim]);
      return padded === length ? all : tf.slice(all, [0, 0, 0, 0], [batch, length, dims.heads, headDim]);
    },
  };
}

function causalMasks({ tf }: TfjsEngine, chunk: number): Masks {
  const after = tf.tensor2d(
    Float32Array.from({ length: chunk * chunk }, (_, i) => (i % chunk > Math.floor(i / chunk) ? 1 : 0)),
    [chunk, chunk],
  );
  const notAfter = tf.sub(1, after);
  return { after, notAfter, causal: tf.add(after, tf.eye(chunk)) };
}

/** C B^T of every chunk of the `wanted` group, as (m, 1, s t). One group's are alive at a time: blocks come in the order of groups. */
function groupProducts({ tf, products }: TfjsEngine, Bs: Tensor3D[], Cs: Tensor3D[]) {
  let [group, current]: [number, Tensor | undefined] = [-1, undefined];
  return (wanted: number): Tensor => {
    if (current && wanted === group) return current;
    current?.dispose();
    group = wanted;
    current = tf.tidy(() => {
      const BC = products(Bs[group], tf.transpose(Cs[group], [0, 2, 1]));
      return tf.reshape(BC, [BC.shape[0], 1, BC.size / BC.shape[0]]);
    });
    return current;
  };
}

export function blockwise(engine: TfjsEngine, problem: Problem<typeof ssd>, chunkLength: number) {
  const { tf, pieces } = engine;
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const cut = plan(problem, chunkLength);
  const { chunk, chunks } = cut;
  const { blocks, pad, split, join } = layout(engine, problem, cut);
  const sizes = { ...cut, headDim, state };

  return engine.prepared(ssd, problem, {
    scratchBytes: MATRICES_ALIVE * matrixBytes(cut) + 16 * batch * chunk * chunks * heads * headDim,
    constants: () => causalMasks(engine, chunk),
    compute({ X, logA, B, C, dt, D, z, initialState, dtBias, documents }, masks) {
      const { a, dt: step } = tokenSteps(tf, problem, { logA, dt, dtBias, documents });
      const x = step ? tf.mul(X, tf.reshape(step, [batch, length, heads, 1])) : X;
      const xBlocks = split(pad(x), blocks);
      const aBlocks = split(pad(a, 1), blocks);
      const [Bs, Cs] = [B, C].map((tensor) =>
        split(pad(tensor), groups).map((part) => tf.reshape(part, [chunks, chunk, state]) as Tensor3D),
      );
      const states =
        initialState && pieces(tf.reshape(initialState, [batch * blocks, cut.heads * headDim, state]));
      const productsOf = groupProducts(engine, Bs, Cs);
      const results = xBlocks.map((xBlock, i) => {
        const group = Math.floor((i * groups) / blocks);
        const BC = productsOf(group);
        const inputs = { X: xBlock, a: aBlocks[i], B: Bs[group], C: Cs[group], BC, S0: states?.[i] };
        return tf.tidy(() => block(engine, sizes, masks, inputs));
      });
      const Y = join(results.map((result) => result.Y));
      const finals = tf.stack(results.map((result) => result.S));
      return {
        Y: gated(tf, Y, X, D && tf.reshape(D, [heads, -1]), z),
        finalState: tf.reshape(finals, shapeOf(ssd.outputs.finalState, problem.dims)),
      };
    },
  });
}
