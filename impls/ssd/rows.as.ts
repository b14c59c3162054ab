import { exp } from "../engines/wasm/exp.as";
import { madd } from "../engines/wasm/simd.as";
import { Args } from "./layout.as";

/** Y[6][8] <- lower triangle of M on six X. Only pairs s <= q are multiplied: a NaN at one token cannot reach an earlier one. */
export function triangle(M: usize, X: usize, xStride: usize, Y: usize, yStride: usize): void {
  for (let part: usize = 0; part < 32; part += 16) {
    const x = X + part;
    let y = Y + part;
    const x0 = v128.load(x), x1 = v128.load(x + xStride), x2 = v128.load(x + 2 * xStride);
    const x3 = v128.load(x + 3 * xStride), x4 = v128.load(x + 4 * xStride), x5 = v128.load(x + 5 * xStride);
    v128.store(y, f32x4.mul(v128.load32_splat(M), x0));
    y += yStride;
    v128.store(y, madd(v128.load32_splat(M, 36), x1, f32x4.mul(v128.load32_splat(M, 4), x0)));
    y += yStride;
    v128.store(y, madd(v128.load32_splat(M, 72), x2, madd(v128.load32_splat(M, 40), x1, f32x4.mul(v128.load32_splat(M, 8), x0))));
    y += yStride;
    v128.store(y, madd(v128.load32_splat(M, 108), x3, madd(v128.load32_splat(M, 76), x2,
      madd(v128.load32_splat(M, 44), x1, f32x4.mul(v128.load32_splat(M, 12), x0)))));
    y += yStride;
    v128.store(y, madd(v128.load32_splat(M, 144), x4, madd(v128.load32_splat(M, 112), x3, madd(v128.load32_splat(M, 80), x2,
      madd(v128.load32_splat(M, 48), x1, f32x4.mul(v128.load32_splat(M, 16), x0))))));
    y += yStride;
    v128.store(y, madd(v128.load32_splat(M, 180), x5, madd(v128.load32_splat(M, 148), x4, madd(v128.load32_splat(M, 116), x3,
      madd(v128.load32_splat(M, 84), x2, madd(v128.load32_splat(M, 52), x1, f32x4.mul(v128.load32_splat(M, 20), x0)))))));
  }
}

/** Writes `rows` rows of a tile that lies in `from`[6][8] to Y: adds D X, gates with silu(z), and leaves out channels past headDim. */
export function finish(args: Args, t: i32, b: i32, h: i32, p: i32, rows: i32, from: usize): void {
  const channels = min(args.headDim - p * 8, 8);
  for (let r = 0; r < rows; r++, from += 32) {
    const at = (((<usize>b * args.length + t + r) * args.heads + h) * args.headDim + p * 8) << 2;
    for (let part = 0; part < channels; part += 4) {
      let y = v128.load(from + (part << 2));
      const offset = at + (part << 2);
      if (args.D) y = madd(v128.load(args.D + (<usize>(h * args.headDim + p * 8 + part) << 2)), v128.load(args.X + offset), y);
      if (args.z) {
        const z = v128.load(args.z + offset);
        y = f32x4.mul(y, f32x4.div(z, f32x4.add(f32x4.splat(1), exp(f32x4.neg(z)))));
      }
      const left = channels - part;
      if (left >= 4) v128.store(args.Y + offset, y);
      else {
        store<f32>(args.Y + offset, f32x4.extract_lane(y, 0));
        if (left > 1) store<f32>(args.Y + offset, f32x4.extract_lane(y, 1), 4);
        if (left > 2) store<f32>(args.Y + offset, f32x4.extract_lane(y, 2), 8);
      }
    }
  }
}
