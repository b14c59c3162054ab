/** What every block has around its own stages, forward and back, on numbers that carry their errors. */
import type { Bounds } from "../../../bound.js";
import { type AnyOperator, inputReader, type Problem } from "../../../operator.js";
import { addTo } from "../elementwise.js";
import { frontOf } from "../front.js";
import { type Numbers, numbers } from "../numbers.js";
import { weightsOf } from "../weights.js";
import { normBack } from "./norm.js";
import { columnSums, roundSum, through, weightGradient, wholeRows } from "./products.js";
import { addScaled, boundsOf, keep, round, type Sized, sized } from "./sized.js";

export class ReferenceFrame {
  readonly tokens: number;
  readonly dims: Readonly<Record<string, number>>;
  /** What was projected, and the rows: (tokens modelDim), (tokens projected). */
  readonly v: Sized;
  readonly row: Sized;
  readonly #made: Record<string, Sized> = {};
  readonly #u: Sized;
  readonly #Y: Sized;
  readonly #front: ReturnType<typeof frontOf>;
  readonly #inProj: ReturnType<typeof weightsOf>;
  readonly #outProj: ReturnType<typeof weightsOf>;
  readonly #out: Numbers;

  constructor(
    private readonly operator: AnyOperator,
    private readonly problem: Problem,
  ) {
    this.dims = problem.dims as Readonly<Record<string, number>>;
    const { batch, length, modelDim, projected } = this.dims;
    this.tokens = batch * length;
    this.v = sized(this.tokens * modelDim);
    this.#u = sized(this.tokens * modelDim);
    this.#Y = sized(this.tokens * modelDim);
    this.row = sized(this.tokens * projected);
    this.#front = frontOf(operator, problem);
    this.#inProj = weightsOf(operator, problem, "inProj", "inBias");
    this.#outProj = weightsOf(operator, problem, "outProj", "outBias");
    this.#out = numbers(modelDim);
  }

  read(name: string) {
    return inputReader(this.operator, this.problem, name);
  }

  /** 0. norm, 1. project, of a token. @param row its projected numbers */
  project(token: number, row: Numbers): void {
    const { modelDim, projected } = this.dims;
    const { v } = this.#front(token);
    this.#inProj.product(v, row);
    keep(v, this.v, token * modelDim);
    keep(row, this.row, token * projected);
  }

  /** 6. project, of a token. */
  finish(token: number, y: Numbers): void {
    const { modelDim } = this.dims;
    const { u } = this.#front(token);
    this.#outProj.product(y, this.#out);
    if (u) {
      addTo(this.#out, u);
      keep(u, this.#u, token * modelDim);
    }
    keep(this.#out, this.#Y, token * modelDim);
  }

  /** A gradient of the problem's input of that name. */
  make(name: string, gradient: Sized): void {
    if (this.problem.inputs[name]) this.#made[`d${name}`] = gradient;
  }

  /** Of the projection behind. @param y what it was given, (tokens inner). @returns what comes back of that */
  unfinish(y: Sized): Sized {
    const { modelDim, inner } = this.dims;
    const d = wholeRows(this.#cotangent(), modelDim);
    const back = sized(this.tokens * inner);
    through(this.operator, this.problem, "outProj", d, back);
    this.make("outProj", weightGradient(d, wholeRows(y, inner)));
    this.make("outBias", columnSums(d));
    return back;
  }

  /** Of the projection in front, and the norm. @param drow what comes back of its rows */
  unproject(drow: Sized): void {
    const { modelDim, projected } = this.dims;
    const d = wholeRows(drow, projected);
    const dv = sized(this.tokens * modelDim);
    through(this.operator, this.problem, "inProj", d, dv);
    this.make("inProj", weightGradient(d, wholeRows(this.v, modelDim)));
    this.make("inBias", columnSums(d));
    this.make("u", this.problem.inputs.preNorm ? this.#unnorm(dv) : dv);
  }

  /** Bounds of all that was made. */
  bounds(): Readonly<Record<string, Bounds>> {
    const made = this.problem.settings.training ? { ...this.#made, Y: this.#Y } : this.#made;
    return Object.fromEntries(Object.entries(made).map(([name, of]) => [name, boundsOf(of, this.tokens)]));
  }

  #cotangent(): Sized {
    const { modelDim } = this.dims;
    const dY = this.read("dY")!;
    const d = sized(this.tokens * modelDim);
    for (let t = 0, i = 0; t < this.tokens; t++)
      for (let c = 0; c < modelDim; c++) d.value[i++] = dY.at(t, c);
    return d;
  }

  #unnorm(d: Sized): Sized {
    const { modelDim: size } = this.dims;
    const [weight, eps] = [this.read("preNorm")!, this.problem.settings.eps as number];
    const [dWeight, sizes] = [sized(size), new Float64Array(size)];
    const du = sized(d.value.length);
    const dY = this.#cotangent();
    for (let t = 0; t < this.tokens; t++) {
      const start = t * size;
      normBack({ x: this.#u, d, start, size, channel: 0, weight, eps, dWeight, sizes }, du, start);
    }
    for (let c = 0; c < size; c++) roundSum(dWeight, c, this.tokens, sizes[c]);
    this.make("preNorm", dWeight);
    for (let i = 0; i < du.value.length; i++) {
      addScaled(du, i, 1, dY, i);
      round(du, i, 1, Math.abs(du.value[i]));
    }
    return du;
  }
}
