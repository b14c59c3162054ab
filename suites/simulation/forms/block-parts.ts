/** What stands around the sequence map of a Mamba-2 block, in any arithmetic: the short convolution and the gated norm. */
import { type Arithmetic, sum } from "../arithmetic.js";

/** z / (1 + exp(-z)) */
export function silu({ add, div, exp }: Arithmetic, z: number): number {
  return div(z, add(1, exp(-z)));
}

/** One channel of one sequence. */
interface Taps {
  readonly X: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/** The sum as it stands, onto the bias, then SiLU. */
export function causalConv1d(arithmetic: Arithmetic, { X, weight, bias }: Taps, Y: Float64Array): void {
  const width = weight.length;
  for (let t = 0; t < Y.length; t++) {
    const taps = Math.min(width, t + 1);
    const total = arithmetic.products(
      taps,
      (j) => weight[width - 1 - j],
      (j) => X[t - j],
      bias[0],
    );
    Y[t] = silu(arithmetic, total);
  }
}

/** One token's group of channels. */
interface Channels {
  readonly X: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly z: ArrayLike<number>;
}

/** The gate, then the norm. */
export function rmsNormGated(
  arithmetic: Arithmetic,
  { X, weight, bias, z }: Channels,
  eps: number,
  Y: Float64Array,
): void {
  const { add, mul, div, sqrt } = arithmetic;
  const gated = Array.from({ length: Y.length }, (_, i) => mul(X[i], silu(arithmetic, z[i])));
  const squares = sum(add, gated.length, (i) => mul(gated[i], gated[i]));
  const inverse = div(1, sqrt(add(div(squares, gated.length), eps)));
  for (let i = 0; i < Y.length; i++) Y[i] = add(mul(mul(gated[i], inverse), weight[i]), bias[i]);
}
