/**
 * Arithmetics that the forms of operators are computed in, to see whether their errors can exceed the certified bound. A bound speaks of
 * any roundoff u; at 8 to 11 bits a few tokens err as visibly as millions do in float32, and a search can try thousands of problems.
 */

export interface Arithmetic {
  add(a: number, b: number): number;
  mul(a: number, b: number): number;
  div(a: number, b: number): number;
  exp(x: number): number;
  log1p(x: number): number;
  sqrt(x: number): number;
  /** Sum of left(i) right(i) for i < count, onto `start` where there is one. */
  products(count: number, left: (i: number) => number, right: (i: number) => number, start?: number): number;
}

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);

/** To the nearest number of `bits` bits (at most 20, or 24), ties to even; the exponent is that of float64. */
export function rounding(bits: number): (x: number) => number {
  if (bits === 24) return Math.fround;
  const unit = 1 << (21 - bits);
  return (x) => {
    word[0] = x;
    const rest = halves[1] & (unit - 1);
    const isOver = 2 * rest > unit || (2 * rest === unit && (halves[0] > 0 || (halves[1] & unit) !== 0));
    if (!Number.isFinite(x)) return x;
    halves[1] += (isOver ? unit : 0) - rest;
    halves[0] = 0;
    return word[0];
  };
}

/** Sum of `count` terms from left to right, the first one as it is. */
export function sum(
  add: Arithmetic["add"],
  count: number,
  term: (i: number) => number,
  start?: number,
): number {
  let total = start ?? (count > 0 ? term(0) : 0);
  for (let i = start === undefined ? 1 : 0; i < count; i++) total = add(total, term(i));
  return total;
}

/** Every result rounded to the nearest number of so many bits: u = 2^-bits. */
export function nearest(bits: number): Arithmetic {
  const round = rounding(bits);
  const add = (a: number, b: number) => round(a + b);
  const mul = (a: number, b: number) => round(a * b);
  return {
    add,
    mul,
    div: (a, b) => round(a / b),
    exp: (x) => round(Math.exp(x)),
    log1p: (x) => round(Math.log1p(x)),
    sqrt: (x) => round(Math.sqrt(x)),
    products: (count, left, right, start) => sum(add, count, (i) => mul(left(i), right(i)), start),
  };
}

/**
 * The worst that the derivations admit: every result errs by as much as they grant, up or down as `signs` say, result by result in the
 * order of a run: u for a sum or a product, (3 + 2|x|) u for an exponential, 2.5 u for a quotient or a
 * root, 4 u for log1p.
 */
export class Worst implements Arithmetic {
  /** Results so far; set it to 0 before a run. */
  results = 0;

  constructor(
    private readonly u: number,
    readonly signs: Int8Array,
  ) {}

  private off(x: number, most: number): number {
    // beyond what is known of them results err upwards
    const sign = this.signs[this.results++] ?? 1;
    return x === 0 ? 0 : x * (1 + sign * most * this.u);
  }

  add = (a: number, b: number) => this.off(a + b, 1);
  mul = (a: number, b: number) => this.off(a * b, 1);
  div = (a: number, b: number) => this.off(a / b, 2.5);
  exp = (x: number) => this.off(Math.exp(x), 3 + 2 * Math.abs(x));
  log1p = (x: number) => this.off(Math.log1p(x), 4);
  sqrt = (x: number) => this.off(Math.sqrt(x), 2.5);
  products: Arithmetic["products"] = (count, left, right, start) =>
    sum(this.add, count, (i) => this.mul(left(i), right(i)), start);
}
