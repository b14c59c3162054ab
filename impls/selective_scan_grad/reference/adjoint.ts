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
import type { Channel } from "./channel.js";
import { add, ageOf, decay, decayOf, type Errors, noErrors, squaresOf } from "./recurrences.js";

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
    const largestOf = (row: (t: number) => Float64Array) =>
      steps.reduce((most, _, t) => Math.max(most, largest(row(t))), 0);
    this.#maxima = {
      x: Math.max(largest(channel.x), largest(channel.u)),
      B: largestOf(channel.B),
      C: largestOf(channel.C),
      dy: Math.max(largest(channel.dy), largest(channel.dY)),
      initial: largest(initial[1]),
      final: largest(this.R[1]),
    };
    let remembered = 0;
    this.#remembered = Float64Array.from(steps, (step) => {
      const slowest = A.reduce((most, rate) => Math.max(most, decayOf(step, rate)), 0);
      remembered = slowest * remembered + 1;
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
    add(this.R, dy, channel.C(t), dyRoundings);
    this.#ahead++;
    const backward = this.adjointFloor;

    this.#rows(t, after, dyRoundings);
    const dx = product(this.R, channel.B(t), backward);
    const y = product(after, channel.C(t), this.floorOf(t));
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
    this.#ahead *= decay(this.R, step, channel.A);
  }

  /** This channel's parts of dB and dC. */
  #rows(t: number, [S, M, G, H, Q]: Errors, dyRoundings: number): void {
    const { channel, sums } = this;
    const { state } = this.problem.dims;
    const [R, Ms, Gs, Hs, Qs] = this.R;
    const [x, dy] = [channel.x[t], channel.dy[t]];
    const token = channel.b * channel.steps.length + t;
    const firstOf = (name: string) =>
      (this.problem.inputs[name]!.axes[0] === "batch" ? token : channel.place) * state;
    const [firstB, firstC] = [firstOf("B"), firstOf("C")];
    const [backward, forward] = [this.adjointFloor, this.floorOf(t)];
    const term = noTerm();
    for (let n = 0; n < state; n++) {
      setTerm(term, R[n], Ms[n], Gs[n], Hs[n] + Ms[n], backward, Qs[n]);
      sums.dB.add(firstB + n, term, x, channel.steps[t].roundings);
      setTerm(term, S[n], M[n], G[n], H[n] + M[n], forward, Q[n]);
      sums.dC.add(firstC + n, term, dy, dyRoundings);
    }
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
    for (let n = 0; n < A.length; n++) {
      const a = decayOf(step, A[n]);
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
  let sum = 0;
  for (let n = 0; n < row.length; n++) {
    const size = Math.abs(row[n]);
    sum += size;
    term.value += S[n] * row[n];
    term.scale += M[n] * size;
    term.weighted += G[n] * size;
    term.squares += Q[n] * size;
    term.perSum += H[n] * size;
  }
  term.weighted += (row.length + OWN_ROUNDINGS) * term.scale;
  term.squares += (row.length + OWN_ROUNDINGS) * term.scale;
  term.perSum += term.scale;
  term.floor = (1 + sum) * floor;
  return term;
}
