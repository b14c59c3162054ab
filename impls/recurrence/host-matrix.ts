/**
 * Two small matrix products for forms on the host, on Float64Array scratch: a Float32Array would be widened at every read.
 * Tiles of 4 x 2 stay in registers. Row counts are padded by the caller (`padded`), so that there are no remainder loops.
 */

/** Rows of the left factor come in fours, those of the right one in twos. */
export const LEFT_ROWS = 4;
export const RIGHT_ROWS = 2;

export function padded(rows: number, multiple: number): number {
  return Math.ceil(rows / multiple) * multiple;
}

/**
 * product[i, j] = sum_k left[i, k] right[j, k], the product with a transposed matrix.
 * @param left rows x depth, rows a multiple of 4, row stride `leftStride`
 * @param right cols x depth, cols a multiple of 2, row stride `rightStride`
 * @param product rows x cols, row stride `productStride`
 */
export function multiplyTransposed(
  left: Float64Array,
  leftStride: number,
  rows: number,
  right: Float64Array,
  rightStride: number,
  cols: number,
  depth: number,
  product: Float64Array,
  productStride: number,
): void {
  for (let i = 0; i < rows; i += 4) {
    const l0 = i * leftStride;
    const l1 = l0 + leftStride;
    const l2 = l1 + leftStride;
    const l3 = l2 + leftStride;
    for (let j = 0; j < cols; j += 2) {
      const r0 = j * rightStride;
      const r1 = r0 + rightStride;
      let [p00, p01, p10, p11, p20, p21, p30, p31] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let k = 0; k < depth; k++) {
        const a = right[r0 + k];
        const b = right[r1 + k];
        const x0 = left[l0 + k];
        p00 += x0 * a;
        p01 += x0 * b;
        const x1 = left[l1 + k];
        p10 += x1 * a;
        p11 += x1 * b;
        const x2 = left[l2 + k];
        p20 += x2 * a;
        p21 += x2 * b;
        const x3 = left[l3 + k];
        p30 += x3 * a;
        p31 += x3 * b;
      }
      let o = i * productStride + j;
      product[o] = p00;
      product[o + 1] = p01;
      o += productStride;
      product[o] = p10;
      product[o + 1] = p11;
      o += productStride;
      product[o] = p20;
      product[o + 1] = p21;
      o += productStride;
      product[o] = p30;
      product[o + 1] = p31;
    }
  }
}

/**
 * sum[j, k] <- factor sum[j, k] + sum_i left[i, j] right[i, k]: outer products of `rows` pairs of rows, added up.
 * @param left rows x cols, rows a multiple of 4, cols a multiple of 2, row stride `cols`
 * @param right rows x depth, row stride `depth`
 * @param sum cols x depth, row stride `depth`
 */
export function addOuterProducts(
  sum: Float64Array,
  factor: number,
  left: Float64Array,
  right: Float64Array,
  rows: number,
  cols: number,
  depth: number,
): void {
  for (let i = 0; i < rows; i += 4) {
    const f = i === 0 ? factor : 1;
    const r0 = i * depth;
    const r1 = r0 + depth;
    const r2 = r1 + depth;
    const r3 = r2 + depth;
    for (let j = 0; j < cols; j += 2) {
      const s0 = j * depth;
      const s1 = s0 + depth;
      const l0 = i * cols + j;
      const l1 = l0 + cols;
      const l2 = l1 + cols;
      const l3 = l2 + cols;
      const [x00, x10, x20, x30] = [left[l0], left[l1], left[l2], left[l3]];
      const [x01, x11, x21, x31] = [left[l0 + 1], left[l1 + 1], left[l2 + 1], left[l3 + 1]];
      for (let k = 0; k < depth; k++) {
        const b0 = right[r0 + k];
        const b1 = right[r1 + k];
        const b2 = right[r2 + k];
        const b3 = right[r3 + k];
        sum[s0 + k] = f * sum[s0 + k] + x00 * b0 + x10 * b1 + (x20 * b2 + x30 * b3);
        sum[s1 + k] = f * sum[s1 + k] + x01 * b0 + x11 * b1 + (x21 * b2 + x31 * b3);
      }
    }
  }
}

/** Copies `rows` rows of `width` out of a larger matrix, widening them to float64; the rest of the target becomes zero. */
export function gatherRows(
  source: Float32Array,
  first: number,
  stride: number,
  rows: number,
  width: number,
  target: Float64Array,
  targetStride: number,
): void {
  if (rows * targetStride < target.length || width < targetStride) target.fill(0);
  for (let i = 0; i < rows; i++) {
    const from = first + i * stride;
    const to = i * targetStride;
    for (let k = 0; k < width; k++) target[to + k] = source[from + k];
  }
}

export function scaleRow(matrix: Float64Array, row: number, width: number, factor: number): void {
  const end = (row + 1) * width;
  for (let i = row * width; i < end; i++) matrix[i] *= factor;
}

/** target row += sum over s < count of weights[s] source row s, two rows at a time; rows from `count` on are never read. */
export function addWeightedRows(
  target: Float64Array,
  row: number,
  source: Float64Array,
  weights: Float64Array,
  count: number,
  width: number,
): void {
  const to = row * width;
  for (let s = 0; s < count; s += 2) {
    const from = s * width;
    const next = s + 1 < count ? from + width : from;
    const w0 = weights[s];
    const w1 = s + 1 < count ? weights[s + 1] : 0;
    for (let i = 0; i < width; i++) target[to + i] += w0 * source[from + i] + w1 * source[next + i];
  }
}

export function storeRow(
  source: Float64Array,
  row: number,
  stride: number,
  target: Float32Array,
  to: number,
  width: number,
): void {
  const from = row * stride;
  for (let i = 0; i < width; i++) target[to + i] = source[from + i];
}

/**
 * States below it become zero: an idle state would decay into denormals, which are slow and, for decays above one half, never
 * vanish. Part of the floor of every bound (numerics: eta).
 */
const NEGLIGIBLE = 1e-25;

export function flushNegligible(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) < NEGLIGIBLE) values[i] = 0;
}
