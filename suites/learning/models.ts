/** The models that learn here: which block stands at each place, and its sizes at a width. */
import { attentionBlock } from "../../impls/attention_block/operator.js";
import { parametersOf } from "../../impls/blocks/model.js";
import type { Kind } from "../../impls/learning/begin.js";
import type { LearningLayer } from "../../impls/learning/model.js";
import { mamba1Block } from "../../impls/mamba1_block/operator.js";
import { FEATURES, mamba2Block } from "../../impls/mamba2_block/operator.js";
import type { AnyOperator } from "../../impls/operator.js";
import { layerProblem } from "../block.js";

export interface ModelShape {
  readonly batch: number;
  readonly length: number;
  readonly modelDim: number;
  readonly layers: number;
  /** Of Mamba-2, linear attention and hybrids. */
  readonly state: number;
  /** Layers that attend, in a hybrid. */
  readonly attending?: number;
  /** Channels of all heads of attention together, where they are not those of the model. */
  readonly attentionInner?: number;
}

/** A list of layers, one kind each. */
export const MODELS = ["attention", "mamba1", "mamba2", "linear", "hybrid"] as const;
export type ModelName = (typeof MODELS)[number];

/** Whether a model's state is a size to choose: Mamba-1 has 16 as its paper has, attention has none. */
export function hasState(model: ModelName): boolean {
  return model !== "attention" && model !== "mamba1";
}

/** Mamba-1's. */
export const MAMBA1_STATE = 16;
const HEAD_DIM = 64;

const OPERATORS: Readonly<Record<Kind, AnyOperator>> = {
  attention: attentionBlock,
  mamba1: mamba1Block,
  mamba2: mamba2Block,
  linear: mamba2Block,
};

/** Every n-th of a hybrid's layers attends, the last of each n: as even as whole numbers allow. */
export function kindsOf(model: ModelName, { layers, attending = 1 }: ModelShape): Kind[] {
  if (model !== "hybrid") return new Array<Kind>(layers).fill(model);
  const before = (i: number) => Math.floor((i * attending) / layers);
  return Array.from({ length: layers }, (_, i) => (before(i + 1) > before(i) ? "attention" : "mamba2"));
}

/**
 * Sizes of a layer as its authors have them: Mamba expands the width by 2 (heads of 64, or one of all channels below that; Mamba-1 with a
 * rank of width / 16), attention has heads of 64 with keys and values of their own, or one below that.
 */
function sizesOf(kind: Kind, shape: ModelShape): Readonly<Record<string, number>> {
  const { batch, modelDim, state, attentionInner = modelDim } = shape;
  if (kind === "attention") {
    const heads = Math.ceil(attentionInner / HEAD_DIM);
    const headDim = Math.floor(attentionInner / heads);
    return { batch, heads, groups: heads, headDim, inner: heads * headDim };
  }
  const inner = 2 * modelDim;
  if (kind === "mamba1") return { batch, inner, state: MAMBA1_STATE, rank: Math.ceil(modelDim / 16) };
  const headDim = Math.min(HEAD_DIM, inner);
  return { batch, inner, heads: inner / headDim, groups: 1, headDim, state };
}

export function layersFor(model: ModelName, shape: ModelShape): LearningLayer[] {
  const { length, modelDim } = shape;
  return kindsOf(model, shape).map((kind) => {
    const operator = OPERATORS[kind];
    // elu + 1, as linear attention began (arXiv 2006.16236)
    const settings = kind === "linear" ? { features: FEATURES.indexOf("elu1") } : {};
    const sizes = sizesOf(kind, shape);
    return {
      kind,
      operator,
      problem: layerProblem(operator, { modelDim, length, dtype: "f32", seed: 0, settings, sizes }),
    };
  });
}

function parametersOfLayer(model: ModelName, shape: ModelShape): number {
  return parametersOf(layersFor(model, { ...shape, layers: 1 })[0]);
}

/** Channels of all heads of attention together whose layer has the number of Mamba-2's that is nearest. */
export function equalAttention(shape: ModelShape): number {
  const wanted = parametersOfLayer("mamba2", shape);
  // q, k, v and the product behind: four matrices, beside a norm
  const inner = Math.round(wanted / (4 * shape.modelDim));
  const near = [-1, 0, 1].map((step) => inner + step);
  const off = (attentionInner: number) =>
    Math.abs(parametersOfLayer("attention", { ...shape, attentionInner }) - wanted);
  return near.reduce((best, one) => (off(one) < off(best) ? one : best));
}
