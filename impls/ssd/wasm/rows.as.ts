import { silu } from "../../engines/wasm/exp.as";
import { madd, storeTail } from "../../engines/wasm/simd.as";
import { Args, ROWS } from "./layout.as";

/**
 * out[6][8] <- factors[6] * out + lower triangle of M[s][8 rows] on six X[s][8]. Only pairs s <= q are multiplied: a NaN at one token
 * cannot reach an earlier one.
 */
export function triangle(M: usize, X: usize, factors: usize, out: usize): void {
  for (let part: usize = 0; part < 32; part += 16) {
    const y = out + part;
    const x0 = v128.load(X), x1 = v128.load(X, 32), x2 = v128.load(X, 64);
    const x3 = v128.load(X, 96), x4 = v128.load(X, 128), x5 = v128.load(X, 160);
    v128.store(y, madd(v128.load32_splat(M), x0, f32x4.mul(v128.load32_splat(factors), v128.load(y))));
    v128.store(y, madd(v128.load32_splat(M, 36), x1, madd(v128.load32_splat(M, 4), x0,
      f32x4.mul(v128.load32_splat(factors, 4), v128.load(y, 32)))), 32);
    v128.store(y, madd(v128.load32_splat(M, 72), x2, madd(v128.load32_splat(M, 40), x1, madd(v128.load32_splat(M, 8), x0,
      f32x4.mul(v128.load32_splat(factors, 8), v128.load(y, 64))))), 64);
    v128.store(y, madd(v128.load32_splat(M, 108), x3, madd(v128.load32_splat(M, 76), x2, madd(v128.load32_splat(M, 44), x1,
      madd(v128.load32_splat(M, 12), x0, f32x4.mul(v128.load32_splat(factors, 12), v128.load(y, 96)))))), 96);
    v128.store(y, madd(v128.load32_splat(M, 144), x4, madd(v128.load32_splat(M, 112), x3, madd(v128.load32_splat(M, 80), x2,
      madd(v128.load32_splat(M, 48), x1, madd(v128.load32_splat(M, 16), x0,
        f32x4.mul(v128.load32_splat(factors, 16), v128.load(y, 128))))))), 128);
    v128.store(y, madd(v128.load32_splat(M, 180), x5, madd(v128.load32_splat(M, 148), x4, madd(v128.load32_splat(M, 116), x3,
      madd(v128.load32_splat(M, 84), x2, madd(v128.load32_splat(M, 52), x1, madd(v128.load32_splat(M, 20), x0,
        f32x4.mul(v128.load32_splat(factors, 20), v128.load(y, 160)))))))), 160);
    X += 16;
  }
}

/**
 * Splits rows of X into slices of eight channels, `sliceStride` bytes each, twice: as they are, and times the row's factor. A cache line's
 * slices at a time: rows a power of two apart fight for the same lines, so a line must be used up while it is there.
 */
export function splitRows(
  X: usize, stride: usize, factors: usize, rows: i32, slices: i32, plain: usize, scaled: usize, sliceStride: usize,
): void {
  for (; rows > 0; rows--) {
    const w = v128.load32_splat(factors);
    let from = X, to = plain, too = scaled;
    for (let p = slices; p > 0; p--) {
      const u = v128.load(from), v = v128.load(from, 16);
      v128.store(to, u); v128.store(to, v, 16);
      v128.store(too, f32x4.mul(w, u)); v128.store(too, f32x4.mul(w, v), 16);
      from += 32; to += sliceStride; too += sliceStride;
    }
    X += stride; factors += 4; plain += 32; scaled += 32;
  }
}

/** Writes rows of slice p that lie in `from`[row][8] to Y: adds D X, gates with silu(z), and leaves out channels past headDim. */
export function finish(args: Args, row: usize, h: i32, p: i32, rows: i32, from: usize): void {
  const p0 = p * 8, channels = min(args.headDim - p0, 8), plain = !args.D && !args.z;
  const stride = <usize>(args.heads * args.headDim) << 2;
  let at = ((row * args.heads + h) * args.headDim + p0) << 2;
  if (plain && channels == 8) {
    for (let Y = args.Y + at; rows > 0; rows--, from += 32, Y += stride) {
      v128.store(Y, v128.load(from));
      v128.store(Y, v128.load(from, 16), 16);
    }
    return;
  }
  for (; rows > 0; rows--, from += 32, at += stride) {
    for (let c = 0; c < channels; c += 4) {
      const to = at + (c << 2);
      let y = v128.load(from + (c << 2));
      if (!plain) y = skipAndGate(args, h * args.headDim + p0 + c, to, y);
      if (channels - c >= 4) v128.store(args.Y + to, y);
      else storeTail(args.Y + to, y, channels - c);
    }
  }
}

function skipAndGate(args: Args, channel: i32, at: usize, y: v128): v128 {
  if (args.D) y = madd(v128.load(args.D + (<usize>channel << 2)), v128.load(args.X + at), y);
  return args.z ? f32x4.mul(y, silu(v128.load(args.z + at))) : y;
}
