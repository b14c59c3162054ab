import { freshTile, tile } from "../../engines/wasm/gemm.as";
import { madd } from "../../engines/wasm/simd.as";
import { LINE } from "./arguments.as";

/** Rows to columns: to[column][row], four by four. */
export function turn(from: usize, stride: usize, rows: i32, columns: i32, to: usize): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4, from += 4 * stride, to += 16) {
    const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride;
    let n: usize = 0, at = to;
    for (; n + 16 <= <usize>columns << 2; n += 16, at += 4 * LINE) {
      const a = v128.load(from + n), b = v128.load(r1 + n), c = v128.load(r2 + n), d = v128.load(r3 + n);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(at, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      v128.store(at, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), LINE);
      v128.store(at, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 2 * LINE);
      v128.store(at, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 3 * LINE);
    }
    for (; n < <usize>columns << 2; n += 4, at += LINE) {
      for (let i: usize = 0; i < 4; i++) store<f32>(at + 4 * i, load<f32>(from + i * stride + n));
    }
  }
  for (; r < rows; r++, from += stride, to += 4) {
    for (let n: usize = 0; n < <usize>columns; n++) store<f32>(to + n * LINE, load<f32>(from + 4 * n));
  }
}

/** P[48][48] of 48 columns of each of two, over so many channels. */
export function scores(left: usize, right: usize, channels: i32, i: usize, P: usize): void {
  for (let j: usize = 0; j < LINE; j += 32) freshTile(left + 4 * i, LINE, right + j, LINE, channels, P + i * LINE + j, LINE);
}

/** out[row] += sum over terms k of A[k][row] B[k] for one row. */
export function oneRow(A: usize, B: usize, stride: usize, terms: i32, out: usize): void {
  for (let e: usize = 0; e < stride; e += 32) {
    let y0 = v128.load(out + e), y1 = v128.load(out + e, 16), a = A, b = B + e;
    for (let k = terms; k > 0; k--, a += LINE, b += stride) {
      const x = v128.load32_splat(a);
      y0 = madd(x, v128.load(b), y0); y1 = madd(x, v128.load(b, 16), y1);
    }
    v128.store(out + e, y0); v128.store(out + e, y1, 16);
  }
}

/**
 * Six rows, each with terms [from, to) of its own: what all have first, then what each has besides. Terms that a row has not are left out,
 * not multiplied by zero. Rows of B and of `out` are `stride` bytes.
 */
export function ownRows(A: usize, B: usize, stride: usize, from: usize, to: usize, out: usize, ones: usize): void {
  let common = 0, end = i32.MAX_VALUE;
  for (let i: usize = 0; i < 24; i += 4) {
    common = max(common, load<i32>(from + i));
    end = min(end, load<i32>(to + i));
  }
  if (common < end) {
    const a = A + <usize>common * LINE, b = B + <usize>common * stride;
    for (let e: usize = 0; e < stride; e += 32) tile(a, LINE, b + e, stride, end - common, out + e, stride, ones);
  } else {
    common = i32.MAX_VALUE;
    end = common;
  }
  for (let i: usize = 0; i < 24; i += 4, A += 4, out += stride) {
    const first = load<i32>(from + i), last = load<i32>(to + i), before = min(common, last), behind = max(end, first);
    if (first < before) oneRow(A + <usize>first * LINE, B + <usize>first * stride, stride, before - first, out);
    if (behind < last) oneRow(A + <usize>behind * LINE, B + <usize>behind * stride, stride, last - behind, out);
  }
}

/** Rows of `channels` floats, `from` apart, to rows of whole eights; of 48 rows those that are not there are zeros. */
export function copyRows(source: usize, from: usize, rows: i32, channels: i32, target: usize, to: usize): void {
  const bytes = <usize>channels << 2;
  for (let i = 0; i < rows; i++, source += from, target += to) {
    memory.copy(target, source, bytes);
    memory.fill(target + bytes, 0, to - bytes);
  }
  memory.fill(target, 0, <usize>(48 - rows) * to);
}
