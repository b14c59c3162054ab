/**
 * A language model that learns: embedding, blocks with their own norm and residual (impls/blocks/model.ts), a norm, and an output head
 * whose weights are the embedding's (Zoology's LanguageModel and mamba_ssm's MambaLMHeadModel tie them). Forward and backward of blocks
 * and head are impls/training's; embedding, norm and wiring are here.
 */
import type { Layer } from "../blocks/model.js";
import type { TrainableBlock, TrainableHead, Training } from "../training/index.js";
import type { Parameter } from "./adamw.js";
import { beginning, frozenIn, isMatrix, type Kind } from "./begin.js";
import { drawNormal } from "./draws.js";
import { addEmbeddingGradient, embed } from "./embedding.js";
import { rmsNorm, rmsNormGradient } from "./rms-norm.js";

export interface LearningLayer extends Layer {
  /** What its weights begin with. */
  readonly kind: Kind;
}

export interface Score {
  /** Mean cross entropy of what was asked, in nats. */
  readonly loss: number;
  readonly correct: number;
  readonly asked: number;
}

/** Gradients that stay 0: of parameters that a kind of layer does not learn. */
interface Frozen {
  readonly gradient: Float32Array;
}

export class LanguageModel {
  /** In a fixed order, each name once. */
  readonly parameters: readonly Parameter[];
  private readonly normWeight: Float32Array;
  private readonly normGradient: Float32Array;
  private readonly sums: Float64Array;

  private constructor(
    private readonly blocks: readonly TrainableBlock[],
    private readonly head: TrainableHead,
    private readonly columns: number,
    layers: readonly Parameter[],
    private readonly frozen: readonly Frozen[],
  ) {
    this.normWeight = new Float32Array(columns).fill(1);
    this.normGradient = new Float32Array(columns);
    this.sums = new Float64Array(columns);
    this.parameters = [
      { name: "embedding", values: head.weight, gradient: head.dWeight, decays: true },
      ...layers,
      { name: "norm", values: this.normWeight, gradient: this.normGradient, decays: false },
    ];
  }

  /** @param layers all of one batch, length and width. @param seed of what the weights begin with */
  static async open(
    training: Training,
    layers: readonly LearningLayer[],
    vocabulary: number,
    seed: number,
  ): Promise<LanguageModel> {
    const { batch, length, modelDim } = layers[0].problem.dims as Readonly<Record<string, number>>;
    const blocks: TrainableBlock[] = [];
    for (const layer of layers) blocks.push(await training.block(layer));
    const head = await training.head({ tokens: batch * length, modelDim, vocabulary });
    // rows of length one, as Zoology's "spherical" has them: from 0.02, its default, small models take several times as many steps
    drawNormal(head.weight, seed, "embedding", 1 / Math.sqrt(modelDim));
    const frozen: Frozen[] = [];
    const parameters = blocks.flatMap(({ weights, gradients }, i) => {
      const { kind, problem } = layers[i];
      beginning(kind, problem, weights, { seed, layer: i, layers: layers.length });
      frozen.push(...frozenIn(kind, problem, gradients).map((gradient) => ({ gradient })));
      return Object.entries(weights).map(([name, values]) => ({
        name: `layer ${i} ${name}`,
        values,
        gradient: gradients[name],
        decays: isMatrix(name),
      }));
    });
    return new LanguageModel(blocks, head, modelDim, parameters, frozen);
  }

  /** Numbers that learn. */
  get size(): number {
    const all = this.parameters.reduce((sum, { values }) => sum + values.length, 0);
    return all - this.frozen.reduce((sum, { gradient }) => sum + gradient.length, 0);
  }

  /** Loss and the gradient of every parameter. @param tokens and targets: (batch, length) */
  gradients(tokens: Int32Array, targets: Int32Array): Score {
    const { blocks, head, normWeight: weight, normGradient: dWeight } = this;
    const score = this.forward(tokens, targets, true);
    const last = blocks.length - 1;
    rmsNormGradient({ X: blocks[last].y, weight, dY: head.dx }, { dX: blocks[last].dy, dWeight }, this.sums);
    for (let i = last; i >= 0; i--) {
      blocks[i].backward();
      if (i > 0) blocks[i - 1].dy.set(blocks[i].dx);
    }
    addEmbeddingGradient(blocks[0].dx, tokens, this.columns, head.dWeight);
    for (const { gradient } of this.frozen) gradient.fill(0);
    return score;
  }

  /** Loss alone. */
  evaluate(tokens: Int32Array, targets: Int32Array): Score {
    return this.forward(tokens, targets, false);
  }

  private forward(tokens: Int32Array, targets: Int32Array, gradients: boolean): Score {
    const { blocks, head } = this;
    embed(head.weight, tokens, this.columns, blocks[0].x);
    for (const [i, block] of blocks.entries()) {
      if (i > 0) block.x.set(blocks[i - 1].y);
      block.forward();
    }
    rmsNorm(blocks[blocks.length - 1].y, this.normWeight, head.x);
    head.targets.set(targets);
    return head.run(gradients);
  }

  dispose(): void {
    for (const block of this.blocks) block.dispose();
    this.head.dispose();
  }
}
