import { madd, storeTail } from "../../engines/wasm/simd.as";

// The transform of negacyclic.ts, four channels in the lanes: a number is [re x 4][im x 4], 32 bytes. Blocks are split depth first, so
// that from some depth on a block and all its descendants stay in a cache.

/** Words of 4 bytes, in the order of `fields` in fft.wasm.ts. */
@unmanaged
class Args {
  u: usize; K: usize; Y: usize;
  batch: i32; length: i32; channels: i32;
  /** Power of two that holds the length. */
  size: i32;
  /** Twiddles by block, [cos][sin]. */
  table: usize;
}

/** Tasks: runs of four channels. Scratch: the kernel's transform, then the signal's. */
export function convolve(args: Args, task: i32, scratch: usize): void {
  const n = args.size, c0 = task * 4, lanes = min(4, args.channels - c0);
  const kernel = scratch, signal = scratch + (<usize>n << 5), end = signal + (<usize>n << 5);
  // 1. the kernel's spectrum, with the inverse's 1/n (a power of two) taken in advance: products cannot overflow early
  memory.fill(kernel, 0, <usize>n << 5);
  const scale: f32 = <f32>1 / <f32>n;
  for (let c = 0; c < lanes; c++) {
    let from = args.K + (<usize>(c0 + c) * args.length << 2), to = kernel + (c << 2);
    for (let j = args.length; j > 0; j--, from += 4, to += 32) store<f32>(to, load<f32>(from) * scale);
  }
  forward(kernel, n, args.table);
  const stride = <usize>args.channels << 2;
  for (let b = 0; b < args.batch; b++) {
    // 2. the signal's; lanes past the last channel carry a neighbour's values and are never stored
    const at = (<usize>b * args.length * args.channels + c0) << 2;
    let from = args.u + at, to = signal;
    for (let t = args.length; t > 0; t--, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, i32x4.splat(0), 16);
    }
    memory.fill(to, 0, end - to);
    forward(signal, n, args.table);
    // 3. their product
    for (let p = signal, k = kernel; p < end; p += 32, k += 32) {
      const re = v128.load(p), im = v128.load(p, 16), kRe = v128.load(k), kIm = v128.load(k, 16);
      v128.store(p, f32x4.sub(f32x4.mul(re, kRe), f32x4.mul(im, kIm)));
      v128.store(p, madd(re, kIm, f32x4.mul(im, kRe)), 16);
    }
    // 4. and back; what wrapped around is in the imaginary part
    inverse(signal, n, args.table);
    to = args.Y + at;
    for (let p = signal, t = args.length; t > 0; t--, p += 32, to += stride) {
      if (lanes == 4) v128.store(to, v128.load(p));
      else storeTail(to, v128.load(p), lanes);
    }
  }
}

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
