/** The walk backwards of one channel: the adjoint of its state, and what each token adds to the gradients. */
import type { Problem } from "../../operator.js";
import {
  addTo,
  type GradientSums,
  gateRoundings,
  gateTerm,
  largest,
  noTerm,
  setTerm,
  type Term,
  termOf,
} from "../../recurrence/gradient-sums.js";
import type { Reader } from "../../tensor.js";
import { type Channel, decayOf } from "./channel.js";
import { add, ageOf, decay, type Errors, noErrors, squaresOf } from "./recurrences.js";

/** Roundings of a product's last steps, beside its sums. */
const OWN_ROUNDINGS = 14;

export class Adjoint {
  /** a_(t+1) R_(t+1) between two tokens. */
  readonly R: Errors;
  readonly #D: number | undefined;
  readonly #maxima: Readonly<Record<"x" | "B" | "C" | "dy" | "initial" | "final", number>>;
  /** Tokens that still matter to the state after each one. */
  readonly #remembered: Float64Array;
  #ahead = 0;

  constructor(
    private readonly problem: Problem,
    read: (name: string) => Reader | undefined,
    private readonly sums: Readonly<Record<string, GradientSums>>,
    private readonly channel: Channel,
    initial: Errors,
  ) {
    const { state } = problem.dims;
    this.R = noErrors(state);
    const final = read("dFinalState");
    for (let n = 0; n < state && final; n++) {
      this.R[0][n] = final.at(channel.b, channel.channel * state + n);
      this.R[1][n] = Math.abs(this.R[0][n]);
    }
    this.#D = read("D")?.at(0, channel.channel);
    const { steps, A } = channel;
    this.#maxima = {
      x: Math.max(largest(channel.x), largest(channel.u)),
      B: channel.B.largest,
      C: channel.C.largest,
      dy: Math.max(largest(channel.dy), largest(channel.dY)),
      initial: largest(initial[1]),
      final: largest(this.R[1]),
    };
    const slowest = A.reduce((most, rate) => Math.max(most, rate), Number.NEGATIVE_INFINITY);
    let remembered = 0;
    this.#remembered = Float64Array.from(steps, (step) => {
      // the largest of exp(step A_n) is that of the largest A_n, or of the smallest where a step is negative
      remembered = Math.max(decayOf(step, slowest), decayOf(step, -largest(A))) * remembered + 1;
      return remembered;
    });
  }

  /** What a state below eta, or a factor of it, may lose when flushed to zero: in units of eta. */
  floorOf(t: number): number {
    const { x, B, initial } = this.#maxima;
    return (1 + x) * (1 + B) * (1 + (t < 0 ? 0 : this.#remembered[t])) + initial;
  }

  /** The same of the adjoint. */
  get adjointFloor(): number {
    const { dy, C, final } = this.#maxima;
    return (1 + dy) * (1 + C) * (1 + this.#ahead) + final;
  }

  visit(t: number, before: Errors, after: Errors): void {
    const { channel, sums } = this;
    const { heads, groups, headDim } = this.problem.dims;
    const step = channel.steps[t];
    const row = (channel.b * channel.steps.length + t) * (heads / groups) * headDim + channel.place;
    const { z } = channel;
    const dyRoundings = z ? gateRoundings(z[t]) : 0;
    const dy = channel.dy[t];
    add(this.R, dy, channel.C.at(t), dyRoundings);
    this.#ahead++;
    const backward = this.adjointFloor;

    this.#rows(t, after, dyRoundings);
    const dx = product(this.R, channel.B.at(t), backward);
    const y = product(after, channel.C.at(t), this.floorOf(t));
    const u = channel.u[t];
    sums.du.add(row, dx, step.step, step.roundings + 1);
    if (this.#D !== undefined) {
      const size = Math.abs(dy);
      const skipped: Term = {
        ...noTerm(),
        value: dy,
        scale: size,
        weighted: dyRoundings * size,
        squares: dyRoundings * size,
        floor: size,
      };
      sums.du.add(row, skipped, this.#D, 2);
      sums.dD.add(channel.place, skipped, u, 2);
      const skip = Math.abs(this.#D * u);
      addTo(y, termOf(this.#D * u, skip, 3 * skip, 0, skip), 1, 0);
    }
    if (z) sums.dz.add(row, gateTerm(y, z[t]), channel.dY[t], 1);
    sums.Y?.add(row, y, z ? z[t] / (1 + Math.exp(-z[t])) : 1, dyRoundings);

    const dStep = this.#decays(t, before);
    addTo(dStep, dx, u, 2);
    const roundings = step.slope === 1 ? 0 : 8 + 2 * Math.abs(step.raw) + step.roundings;
    sums.ddelta.add(row, dStep, step.slope, roundings);
    sums.ddeltaBias?.add(channel.place, dStep, step.slope, roundings);
    this.#ahead *= decay(this.R, channel, t);
  }

  /** This channel's parts of dB and dC. */
  #rows(t: number, after: Errors, dyRoundings: number): void {
    const { channel, sums } = this;
    const { state } = this.problem.dims;
    const token = channel.b * channel.steps.length + t;
    const firstOf = (name: string) =>
      (this.problem.inputs[name]!.axes[0] === "batch" ? token : channel.place) * state;
    sums.dB.addRow(firstOf("B"), this.R, channel.x[t], channel.steps[t].roundings, this.adjointFloor);
    sums.dC.addRow(firstOf("C"), after, channel.dy[t], dyRoundings, this.floorOf(t));
  }

  /** dA, and the step's gradient through the decays. */
  #decays(t: number, [S, M, G, H, Q]: Errors): Term {
    const { channel, sums } = this;
    const { A } = channel;
    const step = channel.steps[t];
    const [R, Ms, Gs, Hs, Qs] = this.R;
    const dStep = noTerm();
    const dl = noTerm();
    const floors = [this.floorOf(t - 1), this.adjointFloor];
    const decays = channel.decays(t);
    for (let n = 0; n < A.length; n++) {
      const a = decays[n];
      const l = a === 0 ? 0 : step.step * A[n];
      dl.value = a * R[n] * S[n];
      dl.scale = a * Ms[n] * M[n];
      dl.weighted =
        a * (Gs[n] * M[n] + Ms[n] * G[n]) + (a === 0 ? 0 : ageOf(step, A[n]) + OWN_ROUNDINGS) * dl.scale;
      dl.squares =
        a * (Qs[n] * M[n] + Ms[n] * Q[n]) + (a === 0 ? 0 : squaresOf(step, A[n]) + OWN_ROUNDINGS) * dl.scale;
      dl.perSum = a * (Hs[n] * M[n] + Ms[n] * H[n]) + (Math.abs(l) + 2) * dl.scale;
      dl.floor = (1 + Ms[n]) * floors[0] + (1 + M[n]) * floors[1];
      sums.dA.add(channel.place * A.length + n, dl, step.step, step.roundings + 1);
      addTo(dStep, dl, A[n], A.length + 1);
    }
    return dStep;
  }
}

/** sum_n state_n row_n. */
function product([S, M, G, H, Q]: Errors, row: Float64Array, floor: number): Term {
  const term = noTerm();
  let [sum, value, scale, weighted, squares, perSum] = [0, 0, 0, 0, 0, 0];
  for (let n = 0; n < row.length; n++) {
    const size = Math.abs(row[n]);
    sum += size;
    value += S[n] * row[n];
    scale += M[n] * size;
    weighted += G[n] * size;
    squares += Q[n] * size;
    perSum += H[n] * size;
  }
  const own = (row.length + OWN_ROUNDINGS) * scale;
  setTerm(term, value, scale, weighted + own, perSum + scale, 0, squares + own);
  term.floor = (1 + sum) * floor;
  return term;
}
