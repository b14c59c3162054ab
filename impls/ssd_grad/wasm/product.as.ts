import { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
import { madd } from "../../engines/wasm/simd.as";
import { CHUNK, ROWS } from "./layout.as";

// Products of matrices in tiles of 6 x 8. A left side has six rows of a step behind one another, a right side eight columns: strides go
// from step to step, `aTile` and `bTile` to the next six rows and the next eight columns.

/** out <- scale[8] out + A B. */
export function addProduct(
  A: usize, aStride: usize, aTile: usize, B: usize, bStride: usize, bTile: usize, steps: i32,
  out: usize, outStride: usize, rows: i32, columns: i32, scale: usize,
): void {
  for (let c = 0; c < columns; c += 8, B += bTile, out += 32) {
    let a = A, to = out, r = 0;
    for (; r + 4 < rows; r += ROWS, a += aTile, to += ROWS * outStride) tile(a, aStride, B, bStride, steps, to, outStride, scale);
    if (r < rows) fourRows(a, aStride, B, bStride, steps, to, outStride, scale);
  }
}

/** out <- A B for a chunk of rows. */
export function product(
  A: usize, aStride: usize, aTile: usize, B: usize, bStride: usize, bTile: usize, steps: i32, out: usize, outStride: usize, columns: i32,
): void {
  for (let c = 0; c < columns; c += 8, B += bTile, out += 32) {
    let a = A, to = out;
    for (let r = 0; r < CHUNK; r += ROWS, a += aTile, to += ROWS * outStride) freshTile(a, aStride, B, bStride, steps, to, outStride);
  }
}

/** Six rows whose own tokens are the steps: with `upTo` a row takes those up to its own, else those from its own on. */
export function corner(A: usize, aStride: usize, B: usize, bStride: usize, out: usize, outStride: usize, upTo: bool): void {
  for (let k = 0; k < ROWS; k++, A += aStride, B += bStride) {
    const u = v128.load(B), v = v128.load(B, 16);
    for (let r = upTo ? k : 0, last = upTo ? ROWS - 1 : k; r <= last; r++) {
      const a = v128.load32_splat(A + (<usize>r << 2)), to = out + <usize>r * outStride;
      v128.store(to, madd(a, u, v128.load(to)));
      v128.store(to, madd(a, v, v128.load(to, 16)), 16);
    }
  }
}

/**
 * out[t] <- out[t] + sum over the tokens s <= t of a chunk. The others are left out, not multiplied by zero: a NaN cannot reach what does
 * not depend on it. @param A [tile][s][six rows t]
 */
export function addUpTo(A: usize, B: usize, bStride: usize, out: usize, outStride: usize, columns: i32, ones: usize): void {
  for (let r = 0; r < CHUNK; r += ROWS, A += CHUNK * ROWS * 4, out += ROWS * outStride) {
    const own = <usize>r;
    for (let c: usize = 0; c < <usize>columns << 2; c += 32) {
      if (r) tile(A, 24, B + c, bStride, r, out + c, outStride, ones);
      corner(A + own * 24, 24, B + own * bStride + c, bStride, out + c, outStride, true);
    }
  }
}

/** out[s] <- out[s] + sum over the tokens t >= s of a chunk. @param A [t][s] */
export function addFrom(A: usize, B: usize, bStride: usize, out: usize, outStride: usize, columns: i32, ones: usize): void {
  const row: usize = CHUNK * 4;
  for (let r = 0; r < CHUNK; r += ROWS, A += ROWS * 4, out += ROWS * outStride) {
    const own = <usize>r, behind = own + ROWS;
    for (let c: usize = 0; c < <usize>columns << 2; c += 32) {
      corner(A + own * row, row, B + own * bStride + c, bStride, out + c, outStride, false);
      if (r + ROWS < CHUNK) tile(A + behind * row, row, B + behind * bStride + c, bStride, CHUNK - r - ROWS, out + c, outStride, ones);
    }
  }
}
