/** The stages of a block in tensor ops (../README.md). Rows are (tokens, numbers): products of two axes are the fast ones. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorOps, TensorProgram, TfjsEngine } from "../../engines/tfjs.js";
import type { Implementation } from "../../implementation.js";
import type { AnyOperator, Problem } from "../../operator.js";
import type { Options } from "../../prepared.js";
import { keptPast } from "../../recurrence/gated.js";
import type { ForwardFunction } from "../functions.js";

type Program<Op extends AnyOperator> = TensorProgram<Op, Record<string, Tensor>>;

/** A part's own program: what its implementation would have the engine prepare. */
export async function programOf<Part extends AnyOperator>(
  engine: TfjsEngine,
  impl: Implementation<Part, "tfjs">,
  problem: Problem<Part>,
  options: Options = {},
): Promise<Program<Part>> {
  const between = {
    ...engine,
    prepared: async (_operator: unknown, _problem: unknown, program: unknown) => program,
  };
  return (await impl.prepare(between as never, problem, options)) as unknown as Program<Part>;
}

/** What every block reads. */
interface Layer {
  readonly u: Tensor;
  readonly preNorm?: Tensor | undefined;
  readonly inProj: Tensor;
  readonly inBias?: Tensor | undefined;
  readonly outProj: Tensor;
  readonly outBias?: Tensor | undefined;
}

export function silu(tf: TensorOps, x: Tensor): Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

/** v W^T (+ bias) */
export function linear(tf: TensorOps, v: Tensor, W: Tensor, bias?: Tensor): Tensor {
  const product = tf.matMul(v as Tensor2D, W as Tensor2D, false, true);
  return bias ? tf.add(product, bias) : product;
}

/** Over the root mean square of each of so many parts of a row. */
export function rmsNorm(tf: TensorOps, rows: Tensor, weight: Tensor, eps: number, parts = 1): Tensor {
  const of = tf.reshape(rows, [-1, rows.shape[1]! / parts]);
  const root = tf.rsqrt(tf.add(tf.mean(tf.square(of), 1, true), eps));
  return tf.mul(tf.reshape(tf.mul(of, root), rows.shape), tf.reshape(weight, [1, -1]));
}

/** Rows of the projection in front, of the input behind its norm where there is one. */
export function projected(tf: TensorOps, { u, preNorm, inProj, inBias }: Layer, eps: number): Tensor {
  const rows = tf.reshape(u, [-1, u.shape[2]!]);
  return linear(tf, preNorm ? rmsNorm(tf, rows, preNorm, eps) : rows, inProj, inBias);
}

/** The projection behind, and the layer's own input added to it. */
export function finished(tf: TensorOps, { u, preNorm, outProj, outBias }: Layer, rows: Tensor): Tensor {
  const Y = tf.reshape(linear(tf, rows, outProj, outBias), u.shape);
  return preNorm ? tf.add(Y, u) : Y;
}

/** Columns of rows. */
export function columns(tf: TensorOps, rows: Tensor, first: number, count: number): Tensor {
  return tf.slice(rows, [0, first], [rows.shape[0], count]);
}

interface Convolution {
  readonly convWeight: Tensor;
  readonly convBias?: Tensor | undefined;
  readonly initialConv?: Tensor | undefined;
  readonly documents?: Tensor | undefined;
}

/** @param rows (b, t, c) @returns the sums without a map, and the last inputs (b, c, past), oldest first */
export function convolved(
  tf: TensorOps,
  rows: Tensor,
  of: Convolution,
): { readonly Y: Tensor; readonly last: Tensor } {
  const [batch, length, channels] = rows.shape as [number, number, number];
  const past = of.convWeight.shape[1]! - 1;
  const before = of.initialConv ? tf.transpose(of.initialConv, [0, 2, 1]) : tf.zeros([batch, past, channels]);
  const seen = tf.concat([before, rows], 1);
  // 1 where a token sees the one before it; those before the first one see each other
  const kept = of.documents && tf.concat([tf.ones([batch, past]), keptPast(tf, of.documents)], 1);
  const keptAt = (from: number, count: number) =>
    tf.reshape(tf.slice(kept!, [0, from], [batch, count]), [batch, count, 1]);
  let Y: Tensor | undefined;
  let reach: Tensor | undefined;
  for (let back = 0; back <= past; back++) {
    if (kept && back > 0) {
      const next = keptAt(past - back + 1, length);
      reach = reach ? tf.mul(reach, next) : next;
    }
    const taken = tf.slice(seen, [0, past - back, 0], [batch, length, channels]);
    const weight = tf.reshape(tf.slice(of.convWeight, [0, past - back], [channels, 1]), [1, 1, channels]);
    const term = tf.mul(reach ? tf.mul(taken, reach) : taken, weight);
    Y = Y ? tf.add(Y, term) : term;
  }
  let last: Tensor = tf.slice(seen, [0, length, 0], [batch, past, channels]);
  if (kept) {
    let shown: Tensor = tf.ones([batch, 1, 1]);
    const places = [shown];
    for (let place = past - 1; place > 0; place--) {
      shown = tf.mul(shown, keptAt(length + place, 1));
      places.unshift(shown);
    }
    last = tf.mul(last, tf.concat(places, 1));
  }
  return { Y: of.convBias ? tf.add(Y!, of.convBias) : Y!, last: tf.transpose(last, [0, 2, 1]) };
}

/** Those of `parts` groups again for each of their heads: (tokens, parts x size) to (tokens, wanted x size). */
export function repeated(tf: TensorOps, rows: Tensor, parts: number, wanted: number): Tensor {
  if (parts === wanted) return rows;
  const [tokens, width] = rows.shape as [number, number];
  const each = tf.tile(tf.reshape(rows, [tokens * parts, 1, width / parts]), [1, wanted / parts, 1]);
  return tf.reshape(each, [tokens, (wanted * width) / parts]);
}

/** Number by number. */
export function mapped(
  tf: TensorOps,
  feature: Exclude<ForwardFunction, "copy" | "minusExp"> | "identity",
  rows: Tensor,
): Tensor {
  if (feature === "silu") return silu(tf, rows);
  if (feature === "relu") return tf.relu(rows);
  return feature === "elu1" ? tf.add(tf.elu(rows), 1) : rows;
}
