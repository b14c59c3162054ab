import { madd } from "./simd.as";

// The transform of negacyclic.ts (convolution), four channels in the lanes: a number is [re x 4][im x 4], 32 bytes. Blocks are split depth
// first, so that from some depth on a block and all its descendants stay in a cache.

// @ts-ignore: decorator
@inline
function isOdd(n: i32): bool {
  return (ctz(n) & 1) == 1;
}

export function forward(p: usize, n: i32, table: usize): void {
  if (!isOdd(n)) return split(p, n, 1, table);
  splitInTwo(p, n >> 1, table + 8);
  split(p, n >> 1, 2, table);
  split(p + (<usize>n << 4), n >> 1, 3, table);
}

export function inverse(p: usize, n: i32, table: usize): void {
  if (!isOdd(n)) return join(p, n, 1, table);
  join(p, n >> 1, 2, table);
  join(p + (<usize>n << 4), n >> 1, 3, table);
  joinInTwo(p, n >> 1, table + 8);
}

function split(p: usize, n: i32, block: i32, table: usize): void {
  if (n < 4) return;
  const quarter = n >> 2, bytes = <usize>quarter << 5;
  splitInFour(p, bytes, table + (<usize>block << 3), table + (<usize>block << 4));
  if (quarter < 4) return;
  for (let i = 0; i < 4; i++) split(p + <usize>i * bytes, quarter, 4 * block + i, table);
}

function join(p: usize, n: i32, block: i32, table: usize): void {
  if (n < 4) return;
  const quarter = n >> 2, bytes = <usize>quarter << 5;
  if (quarter >= 4) for (let i = 0; i < 4; i++) join(p + <usize>i * bytes, quarter, 4 * block + i, table);
  joinInFour(p, bytes, table + (<usize>block << 3), table + (<usize>block << 4));
}

/** a + w b, a - w b */
function splitInTwo(p: usize, half: i32, w: usize): void {
  const c = v128.load32_splat(w), s = v128.load32_splat(w, 4);
  let q = p + (<usize>half << 5);
  for (let i = half; i > 0; i--, p += 32, q += 32) {
    const bRe = v128.load(q), bIm = v128.load(q, 16), aRe = v128.load(p), aIm = v128.load(p, 16);
    const re = f32x4.sub(f32x4.mul(bRe, c), f32x4.mul(bIm, s)), im = madd(bRe, s, f32x4.mul(bIm, c));
    v128.store(p, f32x4.add(aRe, re)); v128.store(p, f32x4.add(aIm, im), 16);
    v128.store(q, f32x4.sub(aRe, re)); v128.store(q, f32x4.sub(aIm, im), 16);
  }
}

function joinInTwo(p: usize, half: i32, w: usize): void {
  const c = v128.load32_splat(w), s = v128.load32_splat(w, 4);
  let q = p + (<usize>half << 5);
  for (let i = half; i > 0; i--, p += 32, q += 32) {
    const aRe = v128.load(p), aIm = v128.load(p, 16), bRe = v128.load(q), bIm = v128.load(q, 16);
    const re = f32x4.sub(aRe, bRe), im = f32x4.sub(aIm, bIm);
    v128.store(p, f32x4.add(aRe, bRe)); v128.store(p, f32x4.add(aIm, bIm), 16);
    v128.store(q, madd(re, c, f32x4.mul(im, s))); v128.store(q, f32x4.sub(f32x4.mul(im, c), f32x4.mul(re, s)), 16);
  }
}

/** Two splits: by the block's twiddle w = v^2, then its halves by v and i v. Four rows of `bytes`. */
export function splitInFour(p: usize, bytes: usize, w: usize, v: usize): void {
  const c1 = v128.load32_splat(v), s1 = v128.load32_splat(v, 4), c2 = v128.load32_splat(w), s2 = v128.load32_splat(w, 4);
  const c3 = f32x4.sub(f32x4.mul(c1, c2), f32x4.mul(s1, s2)), s3 = madd(c1, s2, f32x4.mul(s1, c2));
  const end = p + bytes;
  for (; p < end; p += 32) {
    const q = p + bytes, r = q + bytes, t = r + bytes;
    let re = v128.load(q), im = v128.load(q, 16);
    const bRe = f32x4.sub(f32x4.mul(re, c1), f32x4.mul(im, s1)), bIm = madd(re, s1, f32x4.mul(im, c1));
    re = v128.load(r); im = v128.load(r, 16);
    const cRe = f32x4.sub(f32x4.mul(re, c2), f32x4.mul(im, s2)), cIm = madd(re, s2, f32x4.mul(im, c2));
    re = v128.load(t); im = v128.load(t, 16);
    const dRe = f32x4.sub(f32x4.mul(re, c3), f32x4.mul(im, s3)), dIm = madd(re, s3, f32x4.mul(im, c3));
    re = v128.load(p); im = v128.load(p, 16);
    const plusRe = f32x4.add(re, cRe), plusIm = f32x4.add(im, cIm), minusRe = f32x4.sub(re, cRe), minusIm = f32x4.sub(im, cIm);
    const sumRe = f32x4.add(bRe, dRe), sumIm = f32x4.add(bIm, dIm), differenceRe = f32x4.sub(bRe, dRe), differenceIm = f32x4.sub(bIm, dIm);
    v128.store(p, f32x4.add(plusRe, sumRe)); v128.store(p, f32x4.add(plusIm, sumIm), 16);
    v128.store(q, f32x4.sub(plusRe, sumRe)); v128.store(q, f32x4.sub(plusIm, sumIm), 16);
    v128.store(r, f32x4.sub(minusRe, differenceIm)); v128.store(r, f32x4.add(minusIm, differenceRe), 16);
    v128.store(t, f32x4.add(minusRe, differenceIm)); v128.store(t, f32x4.sub(minusIm, differenceRe), 16);
  }
}

/** Undoes splitInFour, four times too large. */
export function joinInFour(p: usize, bytes: usize, w: usize, v: usize): void {
  const c1 = v128.load32_splat(v), s1 = v128.load32_splat(v, 4), c2 = v128.load32_splat(w), s2 = v128.load32_splat(w, 4);
  const c3 = f32x4.sub(f32x4.mul(c1, c2), f32x4.mul(s1, s2)), s3 = madd(c1, s2, f32x4.mul(s1, c2));
  const end = p + bytes;
  for (; p < end; p += 32) {
    const q = p + bytes, r = q + bytes, t = r + bytes;
    let aRe = v128.load(p), aIm = v128.load(p, 16), bRe = v128.load(q), bIm = v128.load(q, 16);
    const plusRe = f32x4.add(aRe, bRe), plusIm = f32x4.add(aIm, bIm), sumRe = f32x4.sub(aRe, bRe), sumIm = f32x4.sub(aIm, bIm);
    aRe = v128.load(r); aIm = v128.load(r, 16); bRe = v128.load(t); bIm = v128.load(t, 16);
    const minusRe = f32x4.add(aRe, bRe), minusIm = f32x4.add(aIm, bIm);
    // v (b + w d), and v (b - w d) after a division by i
    const differenceRe = f32x4.sub(aIm, bIm), differenceIm = f32x4.sub(bRe, aRe);
    v128.store(p, f32x4.add(plusRe, minusRe)); v128.store(p, f32x4.add(plusIm, minusIm), 16);
    let re = f32x4.add(sumRe, differenceRe), im = f32x4.add(sumIm, differenceIm);
    v128.store(q, madd(re, c1, f32x4.mul(im, s1))); v128.store(q, f32x4.sub(f32x4.mul(im, c1), f32x4.mul(re, s1)), 16);
    re = f32x4.sub(plusRe, minusRe); im = f32x4.sub(plusIm, minusIm);
    v128.store(r, madd(re, c2, f32x4.mul(im, s2))); v128.store(r, f32x4.sub(f32x4.mul(im, c2), f32x4.mul(re, s2)), 16);
    re = f32x4.sub(sumRe, differenceRe); im = f32x4.sub(sumIm, differenceIm);
    v128.store(t, madd(re, c3, f32x4.mul(im, s3))); v128.store(t, f32x4.sub(f32x4.mul(im, c3), f32x4.mul(re, s3)), 16);
  }
}
