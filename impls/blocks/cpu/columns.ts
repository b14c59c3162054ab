/** Moves between stages on the host: parts of rows, and what several heads share. */

/** Columns [start, start + width) of rows of `stride` numbers, side by side. */
export interface Columns {
  readonly start: number;
  readonly width: number;
  readonly stride: number;
}

/** @param to rows of `width` numbers */
export function takeColumns(from: Float32Array, { start, width, stride }: Columns, to: Float32Array): void {
  for (let row = 0, i = 0; i < to.length; row++)
    for (let c = 0, f = row * stride + start; c < width; c++) to[i++] = from[f++];
}

/** The same with each run of `size` numbers given to as many heads as share it. */
export function spreadColumns(
  from: Float32Array,
  { start, width, stride }: Columns,
  size: number,
  heads: number,
  to: Float32Array,
): void {
  const each = heads / (width / size);
  for (let row = 0, i = 0; i < to.length; row++)
    for (let h = 0; h < heads; h++) {
      const first = row * stride + start + Math.floor(h / each) * size;
      for (let c = 0; c < size; c++) to[i++] = from[first + c];
    }
}

/** @param from rows of `width` numbers */
export function putColumns(from: Float32Array, { start, width, stride }: Columns, to: Float32Array): void {
  for (let row = 0, i = 0; i < from.length; row++)
    for (let c = 0, f = row * stride + start; c < width; c++) to[f++] = from[i++];
}

export function silu(v: number): number {
  return v / (1 + Math.exp(-v));
}
