/** The short causal convolution backward, from a start of zeros, on numbers that carry their errors. */
import type { Reader } from "../../../tensor.js";
import { type Columns, columnSums, roundSum } from "./products.js";
import { addScaled, KINDS, normOf, round, type Sized, sized } from "./sized.js";

export interface Taps {
  readonly length: number;
  readonly channels: number;
  readonly width: number;
  readonly weight: Reader;
}

/** @param d (batch length channels) of what came out. @param to where the cotangents of the inputs go, one channel beside the other */
export function convolutionInputs({ length, channels, width, weight }: Taps, d: Sized, to: Columns): void {
  const rows = d.value.length / channels;
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < channels; c++) {
      const at = row * to.stride + to.start + c;
      let size = 0;
      for (let back = 0; back < width && (row % length) + back < length; back++) {
        const w = weight.at(0, c * width + width - 1 - back);
        const from = (row + back) * channels + c;
        addScaled(to.of, at, w, d, from);
        size += Math.abs(w * d.value[from]);
      }
      round(to.of, at, width + 2, size);
    }
}

/** @param x the inputs, one channel beside the other. @returns gradients of weight (channels width) and bias (channels) */
export function convolutionWeights({ length, channels, width }: Taps, d: Sized, x: Columns) {
  const rows = d.value.length / channels;
  const weight = sized(channels * width);
  for (let c = 0; c < channels; c++) {
    const [normD, normX] = [normOf(d, c, rows, channels), normOf(x.of, x.start + c, rows, x.stride)];
    for (let j = 0; j < width; j++) {
      const i = c * width + j;
      const back = width - 1 - j;
      for (let row = 0; row < rows; row++)
        if (row % length >= back)
          weight.value[i] += d.value[row * channels + c] * x.of.value[(row - back) * x.stride + x.start + c];
      for (let k = 0; k < KINDS; k++)
        weight.errors[k][i] = normD.value * normX.errors[k] + normD.errors[k] * normX.value;
      roundSum(weight, i, rows, normD.value * normX.value);
    }
  }
  return { weight, bias: columnSums({ of: d, start: 0, count: channels, stride: channels }) };
}
