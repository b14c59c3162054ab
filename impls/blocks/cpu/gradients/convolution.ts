/** The short causal convolution of a block from a start of zeros, and its gradient. */
import type { Pair, Step } from "./tape.js";

export interface Convolution {
  readonly length: number;
  readonly channels: number;
  readonly width: number;
  /** (channels, width): the last tap meets the current token. */
  readonly weight: Float32Array;
  readonly dWeight: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly dBias?: Float32Array | undefined;
}

/** to_t <- sum_j weight_j from_(t + j - width + 1) + bias, of (batch, length, channels) */
export function convolutionStep(of: Convolution, from: Pair, to: Pair): Step {
  const { length, channels, width, weight, dWeight, bias, dBias } = of;
  const sums = new Float64Array(channels);
  const total = new Float64Array(weight.length);
  const totalBias = new Float64Array(channels);
  /** The first tap of a token that meets one of its sequence. */
  const firstTap = (row: number) => Math.max(0, width - 1 - (row % length));

  return {
    forward() {
      for (let row = 0, at = 0; at < to.value.length; row++, at += channels) {
        if (bias) sums.set(bias);
        else sums.fill(0);
        for (let j = firstTap(row); j < width; j++) {
          const before = at - (width - 1 - j) * channels;
          for (let c = 0; c < channels; c++) sums[c] += weight[c * width + j] * from.value[before + c];
        }
        to.value.set(sums, at);
      }
    },
    backward() {
      total.fill(0);
      totalBias.fill(0);
      for (let row = 0, at = 0; at < to.value.length; row++, at += channels) {
        for (let c = 0; c < channels; c++) totalBias[c] += to.grad[at + c];
        for (let j = firstTap(row); j < width; j++) {
          const before = at - (width - 1 - j) * channels;
          for (let c = 0; c < channels; c++) {
            from.grad[before + c] += weight[c * width + j] * to.grad[at + c];
            total[c * width + j] += from.value[before + c] * to.grad[at + c];
          }
        }
      }
      dWeight.set(total);
      dBias?.set(totalBias);
    },
  };
}
