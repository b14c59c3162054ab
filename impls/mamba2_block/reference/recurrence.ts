/**
 * The recurrence of one head at one token, from inputs that carry errors (impls/blocks/README.md, "The bound"). Arrays are of headDim,
 * norms over the state; the state itself is exact but for float64.
 */
import { COARSEST, type Norms, type Numbers } from "../../blocks/reference/numbers.js";
import { grown, type One } from "../../blocks/reference/steps.js";

/** What a token does to every channel of a head. */
export interface Token {
  readonly dt: One;
  /** log of the decay */
  readonly l: One;
  /** Places of the group's B and C. */
  readonly B: { readonly of: Numbers; readonly start: number; readonly norms: Norms };
  readonly C: { readonly of: Numbers; readonly start: number; readonly norms: Norms };
}

/** Roundings of an output's last steps. */
const OWN = 12;

export class HeadState {
  readonly S: Float64Array;
  /** Norms over the state of: itself on absolute terms, its errors, variances, storage, what grows with sums. */
  readonly M: Float64Array;
  readonly G: Float64Array;
  readonly V: Float64Array;
  readonly A: Float64Array;
  readonly H: Float64Array;

  constructor(
    readonly headDim: number,
    readonly state: number,
  ) {
    this.S = new Float64Array(headDim * state);
    const array = () => new Float64Array(headDim);
    [this.M, this.G, this.V, this.A, this.H] = [array(), array(), array(), array(), array()];
  }

  begin(at: ((p: number, n: number) => number) | undefined): void {
    this.forget();
    if (!at) return;
    const { headDim, state } = this;
    for (let p = 0; p < headDim; p++) {
      let sum = 0;
      for (let n = 0; n < state; n++) {
        const value = at(p, n);
        this.S[p * state + n] = value;
        sum += value * value;
      }
      this.M[p] = Math.sqrt(sum);
    }
  }

  forget(): void {
    for (const array of [this.S, this.M, this.G, this.V, this.A, this.H]) array.fill(0);
  }

  /** S <- a S + dt x B, y = S C, for the channels of x from `start` on. */
  step({ dt, l, B, C }: Token, x: Numbers, start: number, y: Numbers): void {
    const { headDim, state, S, M, G, V, A, H } = this;
    const a = Math.exp(l.value);
    const absL = Math.abs(l.value);
    // a = 0 forgets everything; without this branch 0 * Infinity could follow
    const kept = a > 0 ? 1 : 0;
    const ages = kept * (8 + 5 * absL);
    // no error of a decay is larger than 1
    const moved = a > 0 ? Math.min(grown(l.certified), 1 / (COARSEST * a)) : 0;
    const sizeC = C.norms.value;
    for (let p = 0; p < headDim; p++) {
      const i = start + p;
      const value = x.value[i];
      const size = Math.abs(value);
      const step = Math.abs(dt.value);
      const added = step * size * B.norms.value;
      // 1. errors, of the state before, the decay, x, B and dt
      const before = M[p];
      G[p] =
        a * (G[p] + (ages + moved) * before) +
        step * (size * B.norms.certified + B.norms.value * x.certified[i]) +
        size * B.norms.value * dt.certified;
      V[p] =
        a * a * (V[p] + (ages + kept * l.squares) * before * before) +
        step * step * (size * size * B.norms.squares + B.norms.value ** 2 * x.squares[i]) +
        (size * B.norms.value) ** 2 * dt.squares;
      A[p] =
        a * (A[p] + kept * l.stored * before) +
        step * (size * B.norms.stored + B.norms.value * x.stored[i]) +
        size * B.norms.value * dt.stored;
      H[p] = a * (H[p] + kept * absL * before);
      M[p] = a * before + added;
      // 2. the state and the output
      const row = p * state;
      const into = dt.value * value;
      let out = 0;
      for (let n = 0; n < state; n++) {
        S[row + n] = a * S[row + n] + into * B.of.value[B.start + n];
        out += C.of.value[C.start + n] * S[row + n];
      }
      const scale = sizeC * M[p];
      y.value[p] = out;
      y.certified[p] = sizeC * G[p] + M[p] * C.norms.certified + (state + OWN) * scale;
      y.squares[p] = sizeC ** 2 * V[p] + M[p] ** 2 * C.norms.squares + (state + OWN) * scale * scale;
      y.stored[p] = sizeC * A[p] + M[p] * C.norms.stored + scale;
      y.perSum[p] = sizeC * H[p] + scale;
    }
  }
}
