/** The short causal convolution over numbers that carry their errors (impls/causal_conv1d/README.md), a token at a time. */
import type { Reader } from "../../tensor.js";
import { clearNumbers, copyNumbers, type Numbers, numbers } from "./numbers.js";

export class RunningConvolution {
  /** Inputs of the last tokens, oldest first, as many as the filter has taps; those before a document are 0. */
  private readonly last: Numbers[];

  constructor(
    private readonly channels: number,
    private readonly width: number,
    private readonly weight: Reader,
    private readonly bias: Reader | undefined,
  ) {
    this.last = Array.from({ length: width }, () => numbers(channels));
  }

  /** The inputs before the first token, oldest first. @param at the value of a channel at one of width - 1 places; undefined: zeros */
  begin(at: ((channel: number, place: number) => number) | undefined): void {
    for (const row of this.last) clearNumbers(row);
    if (!at) return;
    for (let j = 0; j < this.width - 1; j++)
      for (let c = 0; c < this.channels; c++) {
        const row = this.last[j + 1];
        row.value[c] = at(c, j);
        // a copy, whose size its error is told in
        row.stored[c] = Math.abs(row.value[c]);
        row.storedSquares[c] = row.value[c] ** 2;
      }
  }

  /** Nothing from before is seen again. */
  forget(): void {
    for (const row of this.last) clearNumbers(row);
  }

  /** One token: its raw inputs, and what comes out before any map of it. */
  step(x: Numbers, to: Numbers): void {
    const { last, width, weight, bias } = this;
    const oldest = last.shift()!;
    copyNumbers(x, oldest);
    last.push(oldest);
    for (let c = 0; c < this.channels; c++) {
      const b = bias ? bias.at(0, c) : 0;
      let [value, size, certified, squares] = [b, Math.abs(b), 0, 0];
      let [stored, kept, perSum] = [0, 0, 0];
      for (let j = 0; j < width; j++) {
        const w = weight.at(0, c * width + j);
        const row = last[j];
        const term = w * row.value[c];
        value += term;
        size += Math.abs(term);
        certified += Math.abs(w) * row.certified[c];
        squares += w * w * row.squares[c];
        stored += Math.abs(w) * row.stored[c];
        kept += w * w * row.storedSquares[c];
        perSum += Math.abs(w) * row.perSum[c];
      }
      to.value[c] = value;
      to.certified[c] = certified + (width + 2) * size;
      to.squares[c] = squares + (width + 2) * size * size;
      to.stored[c] = stored + Math.abs(value);
      to.storedSquares[c] = kept + value * value;
      to.perSum[c] = perSum;
    }
  }

  /** The raw inputs of the last tokens before the next one, oldest first: width - 1 of them. */
  state(): readonly Numbers[] {
    return this.last.slice(1);
  }
}
