/** Matrices by their definitions, in float64 and without a thought for speed: what the forms are held against. */
import nd from "nd4js";

/** Rows in C order. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(rows: number, columns: number, entry: (i: number, j: number) => number): Matrix {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = entry(i, j);
  return { rows, columns, data };
}

export function product(a: Matrix, b: Matrix): Matrix {
  return matrix(a.rows, b.columns, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += a.data[i * a.columns + k] * b.data[k * b.columns + j];
    return sum;
  });
}

/** Definition of the 1-semiseparable matrix: L[t, s] = a_(s+1) ... a_t for s <= t, each product from its factors; 0 above. */
export function oneSemiseparable(a: ArrayLike<number>): Matrix {
  return matrix(a.length, a.length, (t, s) => {
    if (s > t) return 0;
    let result = 1;
    for (let r = s + 1; r <= t; r++) result *= a[r];
    return result;
  });
}

/** Rows from `top` to the last, columns from the first to `right`: a block on and below the diagonal where right <= top. */
export function lowerBlock({ rows, columns, data }: Matrix, top: number, right: number): Matrix {
  return matrix(rows - top, right + 1, (i, j) => data[(top + i) * columns + j]);
}

/** Singular values, largest first, by a two-sided Jacobi iteration: right on rank-deficient matrices, where others return NaN or never. */
export function singularValues({ rows, columns, data }: Matrix): ArrayLike<number> {
  const [, values] = nd.la.svd_jac_2sided(nd.array("float64", rowsOf(rows, columns, data)));
  return values.data;
}

function rowsOf(rows: number, columns: number, data: Float64Array): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}

/** ||A||_F, which no singular value exceeds. */
export function frobenius({ data }: Pick<Matrix, "data">): number {
  return Math.hypot(...data);
}
