/** A Mamba-1 block forward, a stage after another, and all that is needed again on the way back. */
import { RunningConvolution } from "../../blocks/reference/convolution.js";
import { addSkip, gateBy, siluOf } from "../../blocks/reference/elementwise.js";
import { ReferenceFrame } from "../../blocks/reference/gradients/frame.js";
import { asNumbers, keep, type Sized, sized } from "../../blocks/reference/gradients/sized.js";
import { copyNumbers, type Numbers, numbers, part } from "../../blocks/reference/numbers.js";
import { type One, one, stepFrom } from "../../blocks/reference/steps.js";
import { weightsOf } from "../../blocks/reference/weights.js";
import type { AnyOperator, Problem } from "../../operator.js";
import { type ChannelTokens, walkForward } from "./channel.js";

export const NO_LIMITS = { dtMin: 0, dtMax: 0 };

export class KeptBlock {
  readonly frame: ReferenceFrame;
  readonly dims: Readonly<Record<string, number>>;
  /** Behind the convolution, and behind SiLU: (tokens inner). What is selected: (tokens selected). */
  readonly convolved: Sized;
  readonly x: Sized;
  readonly chosen: Sized;
  /** Of the map before its gate, and behind it: (tokens inner). */
  readonly y: Sized;
  readonly gated: Sized;
  /** By token: what dtProj makes, before its bias; dt's own rows, B and C. */
  readonly steps: Numbers[] = [];
  readonly rows: Numbers[] = [];

  constructor(
    readonly operator: AnyOperator,
    readonly problem: Problem,
  ) {
    this.frame = new ReferenceFrame(operator, problem);
    this.dims = this.frame.dims;
    const { inner, selected } = this.dims;
    const of = (count: number) => sized(this.frame.tokens * count);
    [this.convolved, this.x, this.y, this.gated] = [of(inner), of(inner), of(inner), of(inner)];
    this.chosen = of(selected);
  }

  forward(): void {
    const { batch, length, inner, projected } = this.dims;
    for (let b = 0; b < batch; b++) {
      this.#toMap(b);
      const y = Array.from({ length }, () => numbers(inner));
      const D = this.frame.read("D")!;
      for (let d = 0; d < inner; d++)
        walkForward(this.channelOf(b, d), (t, out) => {
          copyNumbers(out, part(y[t], d, d + 1));
          addSkip(y[t], d, D.at(0, d), asNumbers(this.x, (b * length + t) * inner + d, 1), 0);
        });
      for (let t = 0; t < length; t++) {
        const token = b * length + t;
        keep(y[t], this.y, token * inner);
        gateBy(y[t], asNumbers(this.frame.row, token * projected + inner, inner));
        keep(y[t], this.gated, token * inner);
        this.frame.finish(token, y[t]);
      }
    }
  }

  channelOf(b: number, d: number): ChannelTokens {
    const { length, inner, state, rank } = this.dims;
    const read = (name: string) => this.frame.read(name)!;
    const [ALog, bias] = [read("ALog"), read("dtBias").at(0, d)];
    const rows = this.rows.slice(b * length, (b + 1) * length);
    const dt = rows.map((_, t) => {
      const step = one();
      stepFrom(this.steps[b * length + t], d, bias, NO_LIMITS, step);
      return step;
    });
    return {
      ALog: Float64Array.from({ length: state }, (_, n) => ALog.at(0, d * state + n)),
      dt,
      into: dt.map((step, t) => this.#into(step, (b * length + t) * inner + d)),
      ...{ rows, first: rank },
    };
  }

  /** dt x */
  #into(dt: One, at: number): One {
    const x = asNumbers(this.x, at, 1);
    const [step, size] = [Math.abs(dt.value), Math.abs(x.value[0])];
    return {
      value: dt.value * x.value[0],
      certified: step * x.certified[0] + size * dt.certified,
      squares: step ** 2 * x.squares[0] + size ** 2 * dt.squares,
      stored: step * x.stored[0] + size * dt.stored,
      storedSquares: step ** 2 * x.storedSquares[0] + size ** 2 * dt.storedSquares,
    };
  }

  /** Everything in front of the map, of a sequence. */
  #toMap(b: number): void {
    const { length, inner, width, rank, projected, selected } = this.dims;
    const convolution = new RunningConvolution(
      ...([inner, width, this.frame.read("convWeight")!, this.frame.read("convBias")] as const),
    );
    const [xProj, dtProj] = ["xProj", "dtProj"].map((name) => weightsOf(this.operator, this.problem, name));
    const [row, x] = [numbers(projected), numbers(inner)];
    for (let t = 0; t < length; t++) {
      const token = b * length + t;
      this.frame.project(token, row);
      convolution.step(part(row, 0, inner), x);
      keep(x, this.convolved, token * inner);
      siluOf(x);
      keep(x, this.x, token * inner);
      const [chosen, steps] = [numbers(selected), numbers(inner)];
      xProj.product(x, chosen);
      keep(chosen, this.chosen, token * selected);
      dtProj.product(part(chosen, 0, rank), steps);
      this.rows.push(chosen);
      this.steps.push(steps);
    }
  }
}
