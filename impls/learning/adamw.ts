/** AdamW (arXiv 1711.05101, algorithm 2; torch.optim.AdamW): a model's parameters, and clipping of their gradients by one norm. */
import type { Reals } from "./reals.js";

/** A tensor that learns. */
export interface Parameter {
  /** Unique in a model, e.g. `layer 0 inProj`. */
  readonly name: string;
  readonly values: Reals;
  readonly gradient: Reals;
  /** Matrices are pulled towards 0; biases, norms, and what sets rates and steps are not (mamba_ssm's _no_weight_decay). */
  readonly decays: boolean;
}

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  /** Of the rate. */
  readonly weightDecay?: number;
}

/** What a step needs of the steps before it. */
export interface Moments {
  readonly mean: Reals;
  readonly square: Reals;
}

export class AdamW {
  /** In the order of the parameters; as wide as they are. */
  readonly moments: readonly Moments[];
  /** How many have been taken. */
  steps = 0;
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly eps: number;
  private readonly weightDecay: number;

  constructor(
    private readonly parameters: readonly Parameter[],
    { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.1 }: AdamWOptions = {},
  ) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
    this.moments = parameters.map(({ values }) => ({ mean: like(values), square: like(values) }));
  }

  /** One step along the gradients. @param scale of the gradients: what clipping leaves of them */
  step(rate: number, scale = 1): void {
    this.steps++;
    const { beta1, beta2, eps } = this;
    const size = rate / (1 - beta1 ** this.steps);
    const root = 1 / Math.sqrt(1 - beta2 ** this.steps);
    for (const [i, { values, gradient, decays }] of this.parameters.entries()) {
      const { mean, square } = this.moments[i];
      const kept = decays ? 1 - rate * this.weightDecay : 1;
      for (let j = 0; j < values.length; j++) {
        const g = gradient[j] * scale;
        const m = beta1 * mean[j] + (1 - beta1) * g;
        const v = beta2 * square[j] + (1 - beta2) * g * g;
        mean[j] = m;
        square[j] = v;
        values[j] = values[j] * kept - (size * m) / (Math.sqrt(v) * root + eps);
      }
    }
  }
}

function like(values: Reals): Reals {
  return values instanceof Float32Array ? new Float32Array(values.length) : new Float64Array(values.length);
}

/** The Euclidean norm of all gradients together. */
export function gradientNorm(parameters: readonly Parameter[]): number {
  let sum = 0;
  for (const { gradient } of parameters)
    for (let j = 0; j < gradient.length; j++) sum += gradient[j] * gradient[j];
  return Math.sqrt(sum);
}

/** What gradients are multiplied by so that their norm is at most `most` (torch's clip_grad_norm_). */
export function clipScale(norm: number, most: number): number {
  return Math.min(1, most / (norm + 1e-6));
}
