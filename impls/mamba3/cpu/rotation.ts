/** Keys and queries of one head on the host, biased and turned by the running angle. */
import type { Inputs, Problem } from "../../operator.js";
import type { Mamba3 } from "../operator.js";

/**
 * Turns are whole multiples of 2^-50, as adding and taking away 1.5 * 2^2 rounds a number of at most one to. Sums of such within [0, 1) are
 * exact, in any order: so nothing is lost however long a sequence is, and a part resumed gives the bits of the whole.
 */
const GRID = 6;

export class Rotation {
  /** In turns, of the current head. */
  readonly #turns: Float64Array;

  constructor(
    private readonly problem: Problem<Mamba3>,
    private readonly inputs: Inputs<Mamba3>,
  ) {
    this.#turns = new Float64Array(problem.dims.pairs);
  }

  /** Angles before the first token of head h of sequence b. */
  begin(b: number, h: number): void {
    const { heads, pairs } = this.problem.dims;
    const { initialAngles } = this.inputs;
    if (!initialAngles) this.#turns.fill(0);
    else
      for (let j = 0; j < pairs; j++)
        this.#turns[j] = wrapped(onGrid(initialAngles[(b * heads + h) * pairs + j] / (2 * Math.PI)));
  }

  /**
   * The next token's query and key.
   * @param row its place in (batch, length)
   * @param at where in `Q` and `K` each begins
   */
  next(row: number, h: number, Q: Float64Array, K: Float64Array, at: number): void {
    const { heads, groups, state, pairs } = this.problem.dims;
    const { inputs } = this;
    const from = (row * groups + Math.floor((h * groups) / heads)) * state;
    for (let n = 0; n < state; n++) {
      Q[at + n] = inputs.Q[from + n] + inputs.biasQ[h * state + n];
      K[at + n] = inputs.K[from + n] + inputs.biasK[h * state + n];
    }
    const token = row * heads + h;
    const half = inputs.dt[token] / 2;
    for (let j = 0, n = at; j < pairs; j++, n += 2) {
      const turn = onGrid(Math.tanh(inputs.angles[token * pairs + j]) * half);
      this.#turns[j] = wrapped(this.#turns[j] + turn);
      const turns = this.#turns[j];
      // the nearest quarter of a turn, and what is left of it: at most an eighth, taken off exactly
      const quarter = Math.round(4 * turns);
      const x = 2 * Math.PI * (turns - quarter / 4);
      const [s, c] = [sine(x), cosine(x)];
      const cos = ((quarter + 1) & 2 ? -1 : 1) * (quarter & 1 ? s : c);
      const sin = (quarter & 2 ? -1 : 1) * (quarter & 1 ? c : s);
      const [q, r] = [Q[n], Q[n + 1]];
      Q[n] = q * cos - r * sin;
      Q[n + 1] = q * sin + r * cos;
      const [k, l] = [K[n], K[n + 1]];
      K[n] = k * cos - l * sin;
      K[n + 1] = k * sin + l * cos;
    }
  }

  /** The angles in radians, behind the last token. */
  store(to: Float32Array, at: number): void {
    for (let j = 0; j < this.#turns.length; j++) to[at + j] = 2 * Math.PI * this.#turns[j];
  }
}

/** By its series, for |x| <= pi / 4: a third of the time of Math.sin, which reduces its argument. */
function sine(x: number): number {
  const y = x * x;
  let p = -1 / 1307674368000;
  p = p * y + 1 / 6227020800;
  p = p * y - 1 / 39916800;
  p = p * y + 1 / 362880;
  p = p * y - 1 / 5040;
  p = p * y + 1 / 120;
  p = p * y - 1 / 6;
  return x + x * y * p;
}

function cosine(x: number): number {
  const y = x * x;
  let p = 1 / 20922789888000;
  p = p * y - 1 / 87178291200;
  p = p * y + 1 / 479001600;
  p = p * y - 1 / 3628800;
  p = p * y + 1 / 40320;
  p = p * y - 1 / 720;
  p = p * y + 1 / 24;
  return 1 - y * (0.5 - y * p);
}

/** The fraction of a turn, rounded to the grid. */
function onGrid(turns: number): number {
  return turns - Math.round(turns) + GRID - GRID;
}

function wrapped(turns: number): number {
  return turns - Math.floor(turns);
}
