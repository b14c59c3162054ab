/**
 * The recurrence of one channel at one token, from inputs that carry errors (impls/blocks/README.md, "The bound"). Arrays are of the state,
 * whose numbers decay each at its own rate.
 */
import { COARSEST, type Numbers } from "../../blocks/reference/numbers.js";
import { grown, logDecayFrom, type One } from "../../blocks/reference/steps.js";

/** Roundings of an output's last steps. */
const OWN = 14;

export class ChannelState {
  readonly S: Float64Array;
  /** Absolute terms, errors, variances, storage, what grows with sums. */
  readonly M: Float64Array;
  readonly G: Float64Array;
  readonly V: Float64Array;
  readonly A: Float64Array;
  readonly H: Float64Array;

  constructor(readonly state: number) {
    const array = () => new Float64Array(state);
    [this.S, this.M, this.G, this.V, this.A, this.H] = [array(), array(), array(), array(), array(), array()];
  }

  begin(at: ((n: number) => number) | undefined): void {
    for (const array of [this.S, this.M, this.G, this.V, this.A, this.H]) array.fill(0);
    if (!at) return;
    for (let n = 0; n < this.state; n++) this.S[n] = at(n);
    this.M.set(this.S.map(Math.abs));
  }

  /**
   * s <- exp(dt A) s + dt x B, y = s . C, for the channel's place in x and y.
   * @param rows B and C side by side
   */
  step(dt: One, ALog: (n: number) => number, rows: Numbers, x: Numbers, at: number, y: Numbers): void {
    const { state, S, M, G, V, A, H } = this;
    const value = x.value[at];
    const size = Math.abs(value);
    const step = Math.abs(dt.value);
    let [out, scale, certified, squares, stored, perSum] = [0, 0, 0, 0, 0, 0];
    for (let n = 0; n < state; n++) {
      const l = logDecayFrom(dt, ALog(n));
      const a = Math.exp(l.value);
      const absL = Math.abs(l.value);
      // a = 0 forgets everything; without this branch 0 * Infinity could follow
      const kept = a > 0 ? 1 : 0;
      const ages = kept * (8 + 6 * absL);
      // no error of a decay is larger than 1
      const moved = a > 0 ? Math.min(grown(l.certified), 1 / (COARSEST * a)) : 0;
      const b = Math.abs(rows.value[n]);
      const before = M[n];
      // 1. errors, of the state before, the decay, x, B and dt
      G[n] =
        a * (G[n] + (ages + moved) * before) +
        step * (size * rows.certified[n] + b * x.certified[at]) +
        size * b * dt.certified;
      V[n] =
        a * a * (V[n] + (ages + kept * l.squares) * before * before) +
        step * step * (size * size * rows.squares[n] + b * b * x.squares[at]) +
        (size * b) ** 2 * dt.squares;
      A[n] =
        a * (A[n] + kept * l.stored * before) +
        step * (size * rows.stored[n] + b * x.stored[at]) +
        size * b * dt.stored;
      H[n] = a * (H[n] + kept * absL * before);
      M[n] = a * before + step * size * b;
      S[n] = a * S[n] + dt.value * value * rows.value[n];
      // 2. the output
      const C = state + n;
      const c = Math.abs(rows.value[C]);
      out += rows.value[C] * S[n];
      scale += c * M[n];
      certified += c * G[n] + M[n] * rows.certified[C];
      // errors of one token's dt and x hang together over the state
      squares += c * Math.sqrt(V[n]) + M[n] * Math.sqrt(rows.squares[C]);
      stored += c * A[n] + M[n] * rows.stored[C];
      perSum += c * H[n];
    }
    y.value[at] = out;
    y.certified[at] = certified + (state + OWN) * scale;
    y.squares[at] = squares ** 2 + (state + OWN) * scale * scale;
    y.stored[at] = stored + scale;
    y.perSum[at] = perSum + scale;
  }
}
