/** The walk backwards of one head: the adjoint of its state, and what each token adds to the gradients. */
import type { Problem } from "../../operator.js";
import {
  ALL,
  addTo,
  type GradientSums,
  gateRoundings,
  gateTerm,
  largest,
  noTerm,
  type Term,
  TermRow,
  termOf,
} from "../../recurrence/gradient-sums.js";
import type { Reader } from "../../tensor.js";
import type { Head } from "./head.js";
import { addOuter, decay, type Errors, noErrors } from "./recurrences.js";

/** Roundings of a product's last steps, beside its sums. */
const OWN_ROUNDINGS = 12;

export class Adjoint {
  /** a_(t+1) R_(t+1) between two tokens. */
  readonly R: Errors;
  readonly #D: Float64Array | undefined;
  /** -A of Mamba-1's like: the rate of a head, where logA is one number. */
  readonly #rate: number | undefined;
  readonly #maxima: Readonly<Record<"x" | "B" | "C" | "dy" | "initial" | "final", number>>;
  /** Tokens that still matter to the state after each one. */
  readonly #remembered: Float64Array;
  #ahead = 0;
  // what one token adds to dB and dC, an element of the state each
  readonly #dB: TermRow;
  readonly #dC: TermRow;

  constructor(
    private readonly problem: Problem,
    read: (name: string) => Reader | undefined,
    private readonly sums: Readonly<Record<string, GradientSums>>,
    private readonly head: Head,
    initial: Errors,
  ) {
    const { headDim, state } = problem.dims;
    this.R = noErrors(headDim * state);
    const final = read("dFinalState");
    for (let i = 0; i < headDim * state && final; i++) {
      this.R[0][i] = final.at(head.b, head.head * headDim * state + i);
      this.R[1][i] = Math.abs(this.R[0][i]);
    }
    const D = read("D");
    const perHead = problem.inputs.D?.axes.length === 1;
    this.#D =
      D &&
      Float64Array.from({ length: headDim }, (_, p) =>
        D.at(0, perHead ? head.head : head.head * headDim + p),
      );
    this.#rate = problem.inputs.logA!.axes.length === 1 ? read("logA")!.at(0, head.head) : undefined;
    this.#dB = new TermRow(state);
    this.#dC = new TermRow(state);
    this.#maxima = {
      x: Math.max(largest(head.x), largest(head.X)),
      B: largest(head.B),
      C: largest(head.C),
      dy: Math.max(largest(head.dy), largest(head.dY)),
      initial: largest(initial[1]),
      final: largest(this.R[1]),
    };
    this.#remembered = new Float64Array(head.steps.length);
    let steps = 0;
    for (const [t, { a }] of head.steps.entries()) this.#remembered[t] = steps = a * steps + 1;
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
    const { head, sums } = this;
    const { headDim, state, heads, groups } = this.problem.dims;
    const step = head.steps[t];
    const B = head.B.subarray(t * state, (t + 1) * state);
    const C = head.C.subarray(t * state, (t + 1) * state);
    const token = head.b * head.steps.length + t;
    const row = token * (heads / groups) + head.j;
    addOuter(this.R, head.dy.subarray(t * headDim, (t + 1) * headDim), C, (p) => this.#gateRoundings(t, p));
    this.#ahead++;

    this.#dB.clear();
    this.#dC.clear();
    const dStep = noTerm();
    for (let p = 0; p < headDim; p++) this.#channel(t, p, row, after, B, C, dStep);
    for (let n = 0; n < state; n++) {
      sums.dB.add(token * state + n, this.#dB.at(n));
      sums.dC.add(token * state + n, this.#dC.at(n));
    }
    this.#decays(t, row, before, dStep);
    decay(this.R, step);
    this.#ahead *= step.a;
  }

  #gateRoundings(t: number, p: number): number {
    const { z } = this.head;
    return z ? gateRoundings(z[t * this.problem.dims.headDim + p]) : 0;
  }

  /** Channel p: its parts of dB, dC and of the step's gradient, and dX, dD, dz and Y, which are its own. */
  #channel(
    t: number,
    p: number,
    row: number,
    [S, M, G, H]: Errors,
    B: Float64Array,
    C: Float64Array,
    dStep: Term,
  ): void {
    const { head, sums } = this;
    const { headDim, state } = this.problem.dims;
    const [R, Ms, Gs, Hs] = this.R;
    const at = t * headDim + p;
    const step = head.steps[t];
    const [x, dy] = [head.x[at], head.dy[at]];
    const [absX, absDy] = [Math.abs(x), Math.abs(dy)];
    const dyRoundings = this.#gateRoundings(t, p);
    const forward = this.floorOf(t);
    const backward = this.adjointFloor;
    let [sumB, sumC] = [0, 0];
    let [dxValue, dxScale, dxWeighted, dxPerSum] = [0, 0, 0, 0];
    let [yValue, yScale, yWeighted, yPerSum] = [0, 0, 0, 0];
    const [dB, dC] = [this.#dB, this.#dC];
    const { value: dBValue, scale: dBScale, weighted: dBWeighted, perSum: dBPerSum } = dB;
    const { value: dCValue, scale: dCScale, weighted: dCWeighted, perSum: dCPerSum } = dC;
    const { roundings } = step;
    for (let n = 0, i = p * state; n < state; n++, i++) {
      // no pairs taken apart here: this is where the time goes
      const b = Math.abs(B[n]);
      const c = Math.abs(C[n]);
      const r = R[i];
      const ms = Ms[i];
      const gs = Gs[i];
      const hs = Hs[i];
      const s = S[i];
      const m = M[i];
      const g = G[i];
      const h = H[i];
      sumB += b;
      sumC += c;
      dxValue += r * B[n];
      dxScale += ms * b;
      dxWeighted += gs * b;
      dxPerSum += hs * b;
      yValue += s * C[n];
      yScale += m * c;
      yWeighted += g * c;
      yPerSum += h * c;
      dBValue[n] += r * x;
      dBScale[n] += ms * absX;
      dBWeighted[n] += (gs + roundings * ms) * absX;
      dBPerSum[n] += (hs + ms) * absX;
      dCValue[n] += s * dy;
      dCScale[n] += m * absDy;
      dCWeighted[n] += (g + dyRoundings * m) * absDy;
      dCPerSum[n] += (h + m) * absDy;
    }
    dB.floor += (1 + absX) * backward;
    dC.floor += (1 + absDy) * forward;
    const own = state + OWN_ROUNDINGS;
    const dx = termOf(dxValue, dxScale, dxWeighted + own * dxScale, dxPerSum + dxScale);
    const y = termOf(yValue, yScale, yWeighted + own * yScale, yPerSum + yScale);
    dx.floor = (1 + sumB) * backward;
    y.floor = (1 + sumC) * forward;

    const element = row * headDim + p;
    const X = head.X[at];
    sums.dX.add(element, dx, step.step, step.roundings + 1);
    addTo(dStep, dx, X, headDim + 1);
    if (this.#D) {
      const skipped: Term = {
        ...noTerm(),
        value: dy,
        scale: absDy,
        weighted: dyRoundings * absDy,
        squares: dyRoundings * absDy,
        floor: absDy,
      };
      sums.dX.add(element, skipped, this.#D[p], 2);
      const perHead = this.problem.inputs.D!.axes.length === 1;
      sums.dD.add(perHead ? head.j : head.j * headDim + p, skipped, X, 2);
      const skip = Math.abs(this.#D[p] * X);
      addTo(y, termOf(this.#D[p] * X, skip, 3 * skip, 0, skip), 1, 0);
    }
    this.#gate(at, element, y);
  }

  /** dz, and Y where it is asked for. @param y before the gate */
  #gate(at: number, element: number, y: Term): void {
    const { head, sums } = this;
    if (!head.z) {
      sums.Y?.add(element, y);
      return;
    }
    const z = head.z[at];
    sums.Y?.add(element, y, z / (1 + Math.exp(-z)), gateRoundings(z));
    sums.dz.add(element, gateTerm(y, z), head.dY[at], 1);
  }

  /** dlogA, and the step's gradient as a whole: through x, and through the decay where it has a part in it. */
  #decays(t: number, row: number, [S, M, G, H, Q]: Errors, dStep: Term): void {
    const { head, sums } = this;
    const { a, absL, ofLog, step, roundings, slope, inDoubt, raw } = head.steps[t];
    const [R, Ms, Gs, Hs, Qs] = this.R;
    let [sumM, sumMs] = [0, 0];
    let [value, scale, weighted, squares, perSum] = [0, 0, 0, 0, 0];
    for (let i = 0; i < R.length; i++) {
      const ms = Ms[i];
      const m = M[i];
      value += R[i] * S[i];
      scale += ms * m;
      weighted += Gs[i] * m + ms * G[i];
      squares += Qs[i] * m + ms * Q[i];
      perSum += Hs[i] * m + ms * H[i];
      sumM += m;
      sumMs += ms;
    }
    const [own, ownSquares] = [absL, absL ** 2].map((l) => 8 + (5 + ofLog) * l + R.length + OWN_ROUNDINGS);
    const dl = termOf(a * value, a * scale, a * (weighted + own * scale), a * (perSum + (absL + 2) * scale));
    dl.squares = a * (squares + ownSquares * scale);
    dl.floor = (1 + sumMs) * this.floorOf(t - 1) + (1 + sumM) * this.adjointFloor;
    if (this.#rate === undefined) sums.dlogA.add(row, dl);
    else {
      sums.dlogA.add(head.j, dl, step, roundings + 1);
      // a rate of -Infinity forgets everything, whatever the step
      if (Number.isFinite(this.#rate)) addTo(dStep, dl, this.#rate, 2);
    }
    if (!sums.ddt) return;
    const roundingsOfSlope = slope === 1 ? 0 : 8 + 2 * Math.abs(raw) + roundings;
    // where rounding decides the side of a limit, the gradient is 0 or whole
    const total = inDoubt > 0 ? { ...dStep, value: (dStep.value * slope) / inDoubt } : dStep;
    const factor = inDoubt > 0 ? inDoubt : slope;
    for (const [sum, i] of [
      [sums.ddt, row] as const,
      ...(sums.ddtBias ? [[sums.ddtBias, head.j] as const] : []),
    ])
      sum.add(i, total, factor, inDoubt > 0 ? ALL : roundingsOfSlope);
  }
}
