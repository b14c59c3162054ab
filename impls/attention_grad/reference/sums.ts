/** Rows of a gradient as the reference adds them up: values, scales, and two counts of roundings. */
import { type Bounds, emptyBounds } from "../../bound.js";

/** What a flush of denormals to zero may cost a product, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

export class RowSums {
  readonly #value: Float64Array;
  readonly #scale: Float64Array;
  readonly #squares: Float64Array;
  readonly #floor: Float64Array;
  /** Of each row: roundings behind its terms, the most of all, and how many terms it has. */
  readonly #count: Float64Array;
  readonly #terms: Float64Array;

  constructor(
    rows: number,
    private readonly width: number,
  ) {
    const array = () => new Float64Array(rows * width);
    [this.#value, this.#scale, this.#squares, this.#floor] = [array(), array(), array(), array()];
    [this.#count, this.#terms] = [new Float64Array(rows), new Float64Array(rows)];
  }

  /**
   * Row i gains `weight` times a row of a matrix.
   * @param size of the weight on absolute values
   * @param squares of the weight's roundings, each times its size
   * @param count roundings behind the weight, relative to `size`
   */
  add(
    i: number,
    weight: number,
    size: number,
    squares: number,
    count: number,
    matrix: Float64Array,
    from: number,
  ): void {
    for (let n = 0, at = i * this.width; n < this.width; n++, at++) {
      const x = matrix[from + n];
      this.#value[at] += weight * x;
      this.#scale[at] += size * Math.abs(x);
      this.#squares[at] += squares * x * x + this.#value[at] ** 2;
      this.#floor[at] += Math.abs(x);
    }
    this.#count[i] = Math.max(this.#count[i], count);
    this.#terms[i]++;
  }

  /** Squares of an error that all terms of a row share, e.g. D's: once its terms are in. */
  share(i: number, squares: (n: number) => number): void {
    for (let n = 0; n < this.width; n++) this.#squares[i * this.width + n] += squares(n);
  }

  /**
   * @param flushed the largest factor of a row's terms beside the matrix: below eta it may vanish
   * @param steps of the smallest number of the storage type that an element may be off by
   */
  bounds(flushed: number, steps: number): Bounds {
    const length = this.#value.length;
    const bounds = { ...emptyBounds(length), squares: new Float64Array(length) };
    for (let at = 0; at < length; at++) {
      const row = Math.floor(at / this.width);
      const scale = this.#scale[at];
      bounds.value[at] = this.#value[at];
      bounds.scale[at] = scale;
      bounds.count[at] = scale > 0 ? this.#count[row] + this.#terms[row] + 4 : 0;
      bounds.squares[at] = scale > 0 ? this.#squares[at] / scale ** 2 + 4 : 0;
      bounds.floor[at] = (1 + flushed) * this.#floor[at] + (this.#terms[row] + 1) * FLUSHED + steps;
    }
    return bounds;
  }
}
