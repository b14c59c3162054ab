/**
 * The recurrence of one channel at one token, from inputs that carry errors (impls/blocks/README.md, "The bound"). Arrays are of the state,
 * whose numbers decay each at its own rate.
 */
import type { BlockBounds, Numbers } from "../../blocks/reference/numbers.js";
import { clearNumbers, numbers } from "../../blocks/reference/numbers.js";
import { grown, logDecayFrom, type One, one } from "../../blocks/reference/steps.js";

/** Roundings of an output's last steps. */
const OWN = 14;

export class ChannelState {
  readonly S: Float64Array;
  /** Of each number of the state; `value` is its size on absolute terms. */
  readonly sizes: Numbers;
  private readonly rates: Float64Array;
  private readonly l = one();
  private readonly out = numbers(1);

  constructor(private readonly ALog: Float64Array) {
    this.S = new Float64Array(ALog.length);
    this.sizes = numbers(ALog.length);
    this.rates = ALog.map(Math.exp);
  }

  begin(at: ((n: number) => number) | undefined): void {
    this.S.fill(0);
    clearNumbers(this.sizes);
    if (!at) return;
    for (let n = 0; n < this.S.length; n++) this.S[n] = at(n);
    this.sizes.value.set(this.S.map(Math.abs));
  }

  /**
   * s <- exp(dt A) s + dt x B, y = s . C, for the channel's place in x and y.
   * @param rows B and C side by side
   */
  step(dt: One, rows: Numbers, x: Numbers, at: number, y: Numbers): void {
    const absX = Math.abs(x.value[at]);
    const step = Math.abs(dt.value);
    const into: One = {
      value: dt.value * x.value[at],
      certified: step * x.certified[at] + absX * dt.certified,
      squares: step ** 2 * x.squares[at] + absX ** 2 * dt.squares,
      stored: step * x.stored[at] + absX * dt.stored,
      storedSquares: step ** 2 * x.storedSquares[at] + absX ** 2 * dt.storedSquares,
    };
    this.advance(dt, into, rows, { B: 0, C: this.S.length }, y, at);
  }

  /** s <- exp(dt A) s + into B, y = s . C. @param places where B and C begin in `rows` */
  advance(
    dt: One,
    into: One,
    rows: Numbers,
    places: { readonly B: number; readonly C: number },
    y: Numbers,
    at: number,
  ): void {
    const { ALog, rates, S, l } = this;
    const { value: M, certified: G, squares: V, stored: A, storedSquares: W, perSum: H } = this.sizes;
    const state = S.length;
    const stepX = Math.abs(into.value);
    let [out, scale, certified, squares, stored, storedSquares, perSum] = [0, 0, 0, 0, 0, 0, 0];
    for (let n = 0; n < state; n++) {
      logDecayFrom(dt, ALog[n], rates[n], l);
      const a = Math.exp(l.value);
      const absL = Math.abs(l.value);
      // a = 0 forgets everything; without this branch 0 * Infinity could follow
      const kept = a > 0 ? 1 : 0;
      const ages = kept * (8 + 6 * absL);
      const B = places.B + n;
      const b = Math.abs(rows.value[B]);
      const before = M[n];
      // 1. errors, of the state before, the decay, x, B and dt
      G[n] =
        a * (G[n] + (ages + kept * grown(l.certified, a)) * before) +
        (stepX * rows.certified[B] + b * into.certified);
      V[n] =
        a * a * (V[n] + (ages + kept * l.squares) * before * before) +
        (stepX * stepX * rows.squares[B] + b * b * into.squares);
      A[n] = a * (A[n] + kept * l.stored * before) + (stepX * rows.stored[B] + b * into.stored);
      W[n] =
        a * a * (W[n] + kept * l.storedSquares * before * before) +
        (stepX * stepX * rows.storedSquares[B] + b * b * into.storedSquares);
      H[n] = a * (H[n] + kept * absL * before);
      M[n] = a * before + stepX * b;
      S[n] = a * S[n] + into.value * rows.value[B];
      // 2. the output
      const C = places.C + n;
      const c = Math.abs(rows.value[C]);
      out += rows.value[C] * S[n];
      scale += c * M[n];
      certified += c * G[n] + M[n] * rows.certified[C];
      // errors of one token's dt and x hang together over the state
      squares += c * Math.sqrt(V[n]) + M[n] * Math.sqrt(rows.squares[C]);
      stored += c * A[n] + M[n] * rows.stored[C];
      storedSquares += c * Math.sqrt(W[n]) + M[n] * Math.sqrt(rows.storedSquares[C]);
      perSum += c * H[n];
    }
    y.value[at] = out;
    y.certified[at] = certified + (state + OWN) * scale;
    y.squares[at] = squares ** 2 + (state + OWN) * scale * scale;
    y.stored[at] = stored + scale;
    y.storedSquares[at] = storedSquares ** 2 + scale * scale;
    y.perSum[at] = perSum + scale;
  }

  /** The state itself with its bounds, from a place on. */
  write(to: BlockBounds, offset: number): void {
    const { S, sizes, out } = this;
    for (let n = 0; n < S.length; n++) {
      const M = sizes.value[n];
      out.value[0] = S[n];
      out.certified[0] = sizes.certified[n] + OWN * M;
      out.squares[0] = sizes.squares[n] + OWN * M * M;
      out.stored[0] = sizes.stored[n] + M;
      out.storedSquares[0] = sizes.storedSquares[n] + M * M;
      out.perSum[0] = sizes.perSum[n] + M;
      to.copy(out, 0, offset + n);
    }
  }
}
