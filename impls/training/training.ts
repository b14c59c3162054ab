/** Blocks of a model forward and backward through the verified gradients of this folder's neighbours: what a trainer holds. */
import type { Layer } from "../blocks/model.js";

export interface Training {
  readonly engine: "native" | "cpu";
  readonly threads: number;
  /**
   * Memory for one block of a model. Dims, settings and optional inputs are its problem's; weights begin with the problem's own values.
   * @throws where a problem asks for what has no gradient here: documents, a cache, states of tokens before
   */
  block(layer: Layer): Promise<TrainableBlock>;
  /** The last product of a language model with softmax and cross entropy. */
  head(sizes: HeadSizes): Promise<TrainableHead>;
  /** Frees all blocks and heads. */
  close(): void;
}

/** Views stay the same for life; (batch, length, modelDim) each, in C order. */
export interface TrainableBlock {
  /** The block's input `u`, written before `forward`. */
  readonly x: Float32Array;
  /** Its output, with the residual where it is a layer. */
  readonly y: Float32Array;
  /** The cotangent of `y`, written before `backward`. */
  readonly dy: Float32Array;
  readonly dx: Float32Array;
  /** By the operator's names for them; they may be written between calls. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Of the same names: sums over batch and tokens, overwritten by `backward`. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
  /** x and weights to y; what `backward` needs is kept. */
  forward(): void;
  /** dy to dx and gradients, of the last `forward`, with x and weights as they were then. Once for each `forward`. */
  backward(): void;
  dispose(): void;
}

export interface HeadSizes {
  readonly tokens: number;
  readonly modelDim: number;
  readonly vocabulary: number;
}

export interface TrainableHead {
  /** (tokens, modelDim) */
  readonly x: Float32Array;
  /** (tokens): a class, or -1 where none is asked for. */
  readonly targets: Int32Array;
  /** (vocabulary, modelDim) */
  readonly weight: Float32Array;
  readonly dx: Float32Array;
  readonly dWeight: Float32Array;
  /** Writes dx and dWeight of the mean loss. @param gradients false: only the loss */
  run(gradients?: boolean): HeadResult;
  dispose(): void;
}

export interface HeadResult {
  /** Mean cross entropy over asked tokens, in nats; 0 where none is asked. */
  readonly loss: number;
  /** Asked tokens whose largest logit was the right one. */
  readonly correct: number;
  readonly asked: number;
}
