/**
 * The recurrence of one head at one token, from inputs that carry errors (impls/blocks/README.md, "The bound"). Arrays are of headDim,
 * norms over the state; the state itself is exact but for float64.
 */
import type { BlockBounds, Norms, Numbers } from "../../blocks/reference/numbers.js";
import { clearNumbers, numbers } from "../../blocks/reference/numbers.js";
import { grown, type One } from "../../blocks/reference/steps.js";

/** Numbers of a group at one token, side by side from `start` on. */
export interface Shared {
  readonly of: Numbers;
  readonly start: number;
  readonly norms: Norms;
}

/** What a token does to every channel of a head. */
export interface Token {
  readonly dt: One;
  /** log of the decay */
  readonly l: One;
  readonly B: Shared;
  readonly C: Shared;
}

/** Roundings of an output's last steps. */
const OWN = 12;

export class HeadState {
  readonly S: Float64Array;
  /** Of each channel, as norms over the state; `value` is the size of the state on absolute terms. */
  readonly sizes: Numbers;
  private readonly out: Numbers;

  constructor(
    readonly headDim: number,
    readonly state: number,
  ) {
    this.S = new Float64Array(headDim * state);
    this.sizes = numbers(headDim);
    this.out = numbers(1);
  }

  begin(at: ((p: number, n: number) => number) | undefined): void {
    this.forget();
    if (!at) return;
    const { headDim, state, S, sizes } = this;
    for (let p = 0; p < headDim; p++) {
      let sum = 0;
      for (let n = 0; n < state; n++) {
        const value = at(p, n);
        S[p * state + n] = value;
        sum += value * value;
      }
      sizes.value[p] = Math.sqrt(sum);
    }
  }

  forget(): void {
    this.S.fill(0);
    clearNumbers(this.sizes);
  }

  /** S <- a S + dt x B, y = S C, for the channels of x from `start` on. */
  step(token: Token, x: Numbers, start: number, y: Numbers): void {
    this.advanceErrors(token, x, start);
    this.output(token, x, start, y);
  }

  /** Errors of the state before, the decay, x, B and dt. */
  private advanceErrors({ dt, l, B }: Token, x: Numbers, start: number): void {
    const { value: M, certified: G, squares: V, stored: A, storedSquares: W, perSum: H } = this.sizes;
    const a = Math.exp(l.value);
    const absL = Math.abs(l.value);
    // a = 0 forgets everything; without this branch 0 * Infinity could follow
    const kept = a > 0 ? 1 : 0;
    const ages = kept * (8 + 5 * absL);
    const moved = kept * grown(l.certified, a);
    const [walked, stored, storedWalk] = [kept * l.squares, kept * l.stored, kept * l.storedSquares];
    const step = Math.abs(dt.value);
    const size = B.norms.value;
    for (let p = 0; p < M.length; p++) {
      const i = start + p;
      const absX = Math.abs(x.value[i]);
      const before = M[p];
      const [xB, stepX, stepB] = [absX * size, step * absX, step * size];
      G[p] =
        a * (G[p] + (ages + moved) * before) +
        (stepX * B.norms.certified + stepB * x.certified[i] + xB * dt.certified);
      V[p] =
        a * a * (V[p] + (ages + walked) * before * before) +
        (stepX ** 2 * B.norms.squares + stepB ** 2 * x.squares[i] + xB ** 2 * dt.squares);
      A[p] = a * (A[p] + stored * before) + (stepX * B.norms.stored + stepB * x.stored[i] + xB * dt.stored);
      W[p] =
        a * a * (W[p] + storedWalk * before * before) +
        (stepX ** 2 * B.norms.storedSquares + stepB ** 2 * x.storedSquares[i] + xB ** 2 * dt.storedSquares);
      H[p] = a * (H[p] + kept * absL * before);
      M[p] = a * before + step * xB;
    }
  }

  private output({ dt, l, B, C }: Token, x: Numbers, start: number, y: Numbers): void {
    const { headDim, state, S, sizes } = this;
    const a = Math.exp(l.value);
    const [valuesB, valuesC, firstB, firstC] = [B.of.value, C.of.value, B.start, C.start];
    const size = C.norms.value;
    for (let p = 0, row = 0; p < headDim; p++, row += state) {
      const into = dt.value * x.value[start + p];
      let out = 0;
      for (let n = 0; n < state; n++) {
        const next = a * S[row + n] + into * valuesB[firstB + n];
        S[row + n] = next;
        out += valuesC[firstC + n] * next;
      }
      const M = sizes.value[p];
      const scale = size * M;
      y.value[p] = out;
      y.certified[p] = size * sizes.certified[p] + M * C.norms.certified + (state + OWN) * scale;
      y.squares[p] = size ** 2 * sizes.squares[p] + M ** 2 * C.norms.squares + (state + OWN) * scale * scale;
      y.stored[p] = size * sizes.stored[p] + M * C.norms.stored + scale;
      y.storedSquares[p] =
        size ** 2 * sizes.storedSquares[p] + M ** 2 * C.norms.storedSquares + scale * scale;
      y.perSum[p] = size * sizes.perSum[p] + scale;
    }
  }

  /** The state itself with its bounds, from a place on. */
  write(to: BlockBounds, offset: number): void {
    const { headDim, state, S, sizes, out } = this;
    for (let p = 0; p < headDim; p++) {
      const M = sizes.value[p];
      out.certified[0] = sizes.certified[p] + OWN * M;
      out.squares[0] = sizes.squares[p] + OWN * M * M;
      out.stored[0] = sizes.stored[p] + M;
      out.storedSquares[0] = sizes.storedSquares[p] + M * M;
      out.perSum[0] = sizes.perSum[p] + M;
      for (let n = 0; n < state; n++) {
        out.value[0] = S[p * state + n];
        to.copy(out, 0, offset + p * state + n);
      }
    }
  }
}
