/** Transposes `rows` (at most 8) rows of `width` floats, times a factor, to [width][8]; rows that are not there become zeros. */
export function packTransposed(from: usize, stride: usize, rows: i32, width: i32, factor: f32, to: usize): void {
  const f = f32x4.splat(factor);
  const r1 = from + (rows > 1 ? stride : 0), r2 = from + (rows > 2 ? 2 * stride : 0), r3 = from + (rows > 3 ? 3 * stride : 0);
  const r4 = from + (rows > 4 ? 4 * stride : 0), r5 = from + (rows > 5 ? 5 * stride : 0), r6 = from + (rows > 6 ? 6 * stride : 0);
  const r7 = from + (rows > 7 ? 7 * stride : 0);
  let n = 0;
  for (; n + 4 <= width; n += 4, to += 128) {
    const at = <usize>n << 2;
    four(v128.load(from + at), v128.load(r1 + at), v128.load(r2 + at), v128.load(r3 + at), f, to);
    four(v128.load(r4 + at), v128.load(r5 + at), v128.load(r6 + at), v128.load(r7 + at), f, to + 16);
  }
  for (; n < width; n++, to += 32) {
    for (let r = 0; r < 8; r++) store<f32>(to + (r << 2), r < rows ? factor * load<f32>(from + <usize>r * stride + (<usize>n << 2)) : 0);
  }
  if (rows == 8) return;
  // Rows that are not there were read from the first: any finite or other value, now zero.
  for (let k = 0; k < width; k++) {
    to -= 32;
    for (let r = rows; r < 8; r++) store<f32>(to + (r << 2), 0);
  }
}

// @ts-ignore: decorator
@inline
function four(a: v128, b: v128, c: v128, d: v128, f: v128, to: usize): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, f32x4.mul(f, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5)));
  v128.store(to, f32x4.mul(f, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7)), 32);
  v128.store(to, f32x4.mul(f, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5)), 64);
  v128.store(to, f32x4.mul(f, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7)), 96);
}

/** Transposes `rows` (at most 6) rows of `width` floats to [width][6]; rows that are not there become zeros. */
export function packSix(from: usize, stride: usize, rows: i32, width: i32, to: usize): void {
  let n = 0;
  if (rows == 6) {
    const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride, r4 = r3 + stride, r5 = r4 + stride;
    for (; n + 4 <= width; n += 4, to += 96) {
      const at = <usize>n << 2;
      const a = v128.load(from + at), b = v128.load(r1 + at), c = v128.load(r2 + at), d = v128.load(r3 + at);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      const e = v128.load(r4 + at), f = v128.load(r5 + at);
      const ef0 = v128.shuffle<f32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<f32>(e, f, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      v128.store64_lane(to, ef0, 0, 16);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 24);
      v128.store64_lane(to, ef0, 1, 40);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 48);
      v128.store64_lane(to, ef1, 0, 64);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 72);
      v128.store64_lane(to, ef1, 1, 88);
    }
  }
  for (; n < width; n++, to += 24) {
    for (let r = 0; r < 6; r++) store<f32>(to + (r << 2), r < rows ? load<f32>(from + <usize>r * stride + (<usize>n << 2)) : 0);
  }
}
