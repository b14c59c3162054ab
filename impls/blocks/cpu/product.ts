/** Matrix products of a block on the host: plain JavaScript sums in float64 and rounds to f32 where it stores. */

/** Rows of the weight that meet a token together: what is loaded of it serves so many multiply-adds. */
const ROWS_AT_ONCE = 4;

export interface Product {
  /** (rows, columns) */
  readonly W: Float32Array;
  readonly columns: number;
  readonly bias?: Float32Array | undefined;
  /** Added to the product, as long as `to`. */
  readonly residual?: Float32Array | undefined;
}

/** to <- from W^T + bias + residual; `from` holds tokens of `columns` numbers, `to` as many of rows. */
export function multiply(
  { W, columns, bias, residual }: Product,
  from: Float32Array,
  to: Float32Array,
): void {
  const rows = W.length / columns;
  const tokens = from.length / columns;
  for (let t = 0; t < tokens; t++) {
    const v = t * columns;
    const y = t * rows;
    let r = 0;
    for (; r + ROWS_AT_ONCE <= rows; r += ROWS_AT_ONCE) {
      const [a, b, c, d] = [r * columns, (r + 1) * columns, (r + 2) * columns, (r + 3) * columns];
      let sumA = 0;
      let sumB = 0;
      let sumC = 0;
      let sumD = 0;
      for (let i = 0; i < columns; i++) {
        const value = from[v + i];
        sumA += W[a + i] * value;
        sumB += W[b + i] * value;
        sumC += W[c + i] * value;
        sumD += W[d + i] * value;
      }
      put(r, sumA);
      put(r + 1, sumB);
      put(r + 2, sumC);
      put(r + 3, sumD);
    }
    for (; r < rows; r++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += W[r * columns + i] * from[v + i];
      put(r, sum);
    }
    function put(row: number, sum: number): void {
      to[y + row] = sum + (bias ? bias[row] : 0) + (residual ? residual[y + row] : 0);
    }
  }
}
