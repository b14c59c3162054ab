import { exp } from "../engines/wasm/exp.as";
import { madd } from "../engines/wasm/simd.as";
import { Args, ROWS } from "./layout.as";

/**
 * out[6][8] <- lower triangle of M[s][8 rows] on six X[s][8], plus A[k][8 rows] on B[k][8]. Only pairs s <= q of the triangle are
 * multiplied: a NaN at one token cannot reach an earlier one. The loop and its stores: see tile in gemm.as.ts.
 */
export function outputTile(M: usize, X: usize, A: usize, B: usize, count: i32, out: usize, outStride: usize): void {
  const r1 = out + outStride, r2 = r1 + outStride, r3 = r2 + outStride, r4 = r3 + outStride, r5 = r4 + outStride;
  let u = v128.load(X), v = v128.load(X, 16), a = v128.load32_splat(M);
  let y00 = f32x4.mul(a, u), y01 = f32x4.mul(a, v);
  a = v128.load32_splat(M, 4); let y10 = f32x4.mul(a, u), y11 = f32x4.mul(a, v);
  a = v128.load32_splat(M, 8); let y20 = f32x4.mul(a, u), y21 = f32x4.mul(a, v);
  a = v128.load32_splat(M, 12); let y30 = f32x4.mul(a, u), y31 = f32x4.mul(a, v);
  a = v128.load32_splat(M, 16); let y40 = f32x4.mul(a, u), y41 = f32x4.mul(a, v);
  a = v128.load32_splat(M, 20); let y50 = f32x4.mul(a, u), y51 = f32x4.mul(a, v);
  u = v128.load(X, 32); v = v128.load(X, 48);
  a = v128.load32_splat(M, 36); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
  a = v128.load32_splat(M, 40); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
  a = v128.load32_splat(M, 44); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
  a = v128.load32_splat(M, 48); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
  a = v128.load32_splat(M, 52); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
  u = v128.load(X, 64); v = v128.load(X, 80);
  a = v128.load32_splat(M, 72); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
  a = v128.load32_splat(M, 76); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
  a = v128.load32_splat(M, 80); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
  a = v128.load32_splat(M, 84); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
  u = v128.load(X, 96); v = v128.load(X, 112);
  a = v128.load32_splat(M, 108); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
  a = v128.load32_splat(M, 112); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
  a = v128.load32_splat(M, 116); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
  u = v128.load(X, 128); v = v128.load(X, 144);
  a = v128.load32_splat(M, 144); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
  a = v128.load32_splat(M, 148); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
  u = v128.load(X, 160); v = v128.load(X, 176);
  a = v128.load32_splat(M, 180); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
  for (let k = count; k > 0; k--) {
    u = v128.load(B); v = v128.load(B, 16);
    a = v128.load32_splat(A); y00 = madd(a, u, y00); y01 = madd(a, v, y01);
    a = v128.load32_splat(A, 4); y10 = madd(a, u, y10); y11 = madd(a, v, y11);
    a = v128.load32_splat(A, 8); y20 = madd(a, u, y20); y21 = madd(a, v, y21);
    a = v128.load32_splat(A, 12); y30 = madd(a, u, y30); y31 = madd(a, v, y31);
    a = v128.load32_splat(A, 16); y40 = madd(a, u, y40); y41 = madd(a, v, y41);
    a = v128.load32_splat(A, 20); y50 = madd(a, u, y50); y51 = madd(a, v, y51);
    A += 32; B += 32;
  }
  v128.store(out, y00); v128.store(out, y01, 16);
  v128.store(r1, y10); v128.store(r1, y11, 16);
  v128.store(r2, y20); v128.store(r2, y21, 16);
  v128.store(r3, y30); v128.store(r3, y31, 16);
  v128.store(r4, y40); v128.store(r4, y41, 16);
  v128.store(r5, y50); v128.store(r5, y51, 16);
}

/** Transposes six rows (fewer: zeros in place of the rest) to [n][8], each times its own factor. */
export function packRows(from: usize, stride: usize, rows: i32, width: i32, factors: usize, to: usize): void {
  const zero = i32x4.splat(0);
  let n = 0;
  if (rows == ROWS) {
    const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride, r4 = r3 + stride, r5 = r4 + stride;
    for (; n + 4 <= width; n += 4, to += 128) {
      const at = <usize>n << 2;
      const a = f32x4.mul(v128.load(from + at), v128.load32_splat(factors)), b = f32x4.mul(v128.load(r1 + at), v128.load32_splat(factors, 4));
      const c = f32x4.mul(v128.load(r2 + at), v128.load32_splat(factors, 8)), d = f32x4.mul(v128.load(r3 + at), v128.load32_splat(factors, 12));
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
      const e = f32x4.mul(v128.load(r4 + at), v128.load32_splat(factors, 16)), f = f32x4.mul(v128.load(r5 + at), v128.load32_splat(factors, 20));
      const ef0 = v128.shuffle<f32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<f32>(e, f, 2, 6, 3, 7);
      v128.store(to, ef0, 16);
      v128.store(to, v128.shuffle<f32>(ef0, zero, 2, 3, 4, 4), 48);
      v128.store(to, ef1, 80);
      v128.store(to, v128.shuffle<f32>(ef1, zero, 2, 3, 4, 4), 112);
    }
  }
  for (; n < width; n++, to += 32) {
    for (let r = 0; r < ROWS; r++) {
      store<f32>(to + (r << 2), r < rows ? load<f32>(from + <usize>r * stride + (<usize>n << 2)) * load<f32>(factors + (r << 2)) : 0);
    }
  }
}

/** Copies `count` vectors; returns the end of the copy. */
export function copyVectors(to: usize, from: usize, count: i32): usize {
  for (; count > 0; count--, to += 16, from += 16) v128.store(to, v128.load(from));
  return to;
}

/**
 * Splits rows of X into slices of eight channels, twice: as they are, `plainStride` bytes a slice, and times the row's factor, packed.
 * One pass over whole rows: read slice by slice, rows a power of two apart would fight for the same cache lines.
 */
export function splitRows(X: usize, stride: usize, factors: usize, rows: i32, slices: i32, plain: usize, plainStride: usize, scaled: usize): void {
  const scaledStride = <usize>rows << 5;
  for (; rows > 0; rows--) {
    const w = v128.load32_splat(factors);
    let from = X, to = plain, too = scaled;
    for (let p = slices; p > 0; p--) {
      const u = v128.load(from), v = v128.load(from, 16);
      v128.store(to, u); v128.store(to, v, 16);
      v128.store(too, f32x4.mul(w, u)); v128.store(too, f32x4.mul(w, v), 16);
      from += 32; to += plainStride; too += scaledStride;
    }
    X += stride; factors += 4; plain += 32; scaled += 32;
  }
}

/** Writes rows that lie in `from`[row][slices][8] to Y: adds D X, gates with silu(z), and leaves out channels past headDim. */
export function finish(args: Args, row: usize, h: i32, first: i32, last: i32, rows: i32, from: usize): void {
  const p0 = first * 8, channels = min(args.headDim, last * 8) - p0, plain = !args.D && !args.z;
  const wide = <usize>(last - first) << 5, stride = <usize>(args.heads * args.headDim) << 2;
  let at = ((row * args.heads + h) * args.headDim + p0) << 2;
  for (; rows > 0; rows--, from += wide, at += stride) {
    let p = 0;
    const Y = args.Y + at;
    for (; p + 4 <= channels; p += 4) {
      const y = v128.load(from + (p << 2));
      v128.store(Y + (p << 2), plain ? y : skipAndGate(args, h * args.headDim + p0 + p, at + (p << 2), y));
    }
    if (p < channels) {
      let y = v128.load(from + (p << 2));
      if (!plain) y = skipAndGate(args, h * args.headDim + p0 + p, at + (p << 2), y);
      const to = Y + (p << 2);
      store<f32>(to, f32x4.extract_lane(y, 0));
      if (channels - p > 1) store<f32>(to, f32x4.extract_lane(y, 1), 4);
      if (channels - p > 2) store<f32>(to, f32x4.extract_lane(y, 2), 8);
    }
  }
}

function skipAndGate(args: Args, channel: i32, at: usize, y: v128): v128 {
  if (args.D) y = madd(v128.load(args.D + (<usize>channel << 2)), v128.load(args.X + at), y);
  if (args.z) {
    const z = v128.load(args.z + at);
    y = f32x4.mul(y, f32x4.div(z, f32x4.add(f32x4.splat(1), exp(f32x4.neg(z)))));
  }
  return y;
}
