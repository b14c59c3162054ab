import { loadTail, madd, sums } from "../../engines/wasm/simd.as";
import { Args, diagonal, origin, storeSome, stride } from "./arguments.as";

/** As quadratic.wasm.ts has it. */
const SPAN: i32 = 64;
/** Decays below it become zero: nothing that float32 holds is left of them, and denormals are slow. */
const NEGLIGIBLE: f64 = 1e-60;

/** Tasks: (sequence, head, run of SPAN rows). Scratch: weights of four rows, decays, diagonals. */
export function rows(args: Args, task: i32, weights: usize): void {
  // the longest rows first: they are most of the work
  const part = args.parts - 1 - task % args.parts, h = task / args.parts % args.heads, b = task / args.parts / args.heads;
  const decays = weights + (<usize>(args.length + 4) << 4), zeros = decays + (<usize>(args.length + 4) << 3), diagonals = zeros + 16;
  memory.fill(zeros, 0, 16);
  diagonal(args, h, diagonals, 4);
  const logA = args.logA ? args.logA + origin(args, b, h, 1) : 0;
  const last = min((part + 1) * SPAN, args.length);
  let t = part * SPAN;
  if (logA) firstDecays(args, logA, t, decays);
  for (; t < last; t += 4) {
    const count = min(last - t, 4);
    scores(args, b, h, t, count, diagonals, weights);
    if (logA) decay(args, logA, t, count, decays, weights);
    values(args, b, h, t, count, weights);
  }
}

/** exp(logA[s+1] + ... + logA[t]) for every s up to t, each a product of exponentials in float64. */
function firstDecays(args: Args, logA: usize, t: i32, decays: usize): void {
  let product: f64 = 1;
  for (let s = t; s >= 0; s--) {
    store<f64>(decays + (<usize>s << 3), product);
    product *= NativeMath.exp(load<f32>(logA + <usize>s * stride(args, 1)));
    if (product < NEGLIGIBLE) product = 0;
  }
}

/** Weights [s][4] of rows t to t + 3: their products with key s, times the mask by distance. Zero where s comes after the row. */
function scores(args: Args, b: i32, h: i32, t: i32, count: i32, diagonals: usize, weights: usize): void {
  const row = stride(args, args.headDim), first = origin(args, b, h, args.headDim);
  const q0 = args.Q + first + <usize>t * row;
  const q1 = q0 + (count > 1 ? row : 0), q2 = q1 + (count > 2 ? row : 0), q3 = q2 + (count > 3 ? row : 0);
  let k = args.K + first;
  for (let s = 0; s < t + count; s++, k += row) {
    let dots = fourDots(q0, q1, q2, q3, k, args.headDim);
    // rows before s do not see it: left out, not multiplied by zero
    if (s > t) dots = v128.and(dots, seeing(s - t));
    store<v128>(weights + (<usize>s << 4), f32x4.mul(dots, v128.load(diagonals + (<isize>(t - s) << 2))));
  }
}

/** Lanes from `first` on. */
function seeing(first: i32): v128 {
  return i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(first));
}

/** The products of four rows with one key. */
function fourDots(q0: usize, q1: usize, q2: usize, q3: usize, k: usize, headDim: i32): v128 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  const whole = <usize>(headDim & ~3) << 2, rest = headDim & 3;
  let n: usize = 0;
  for (; n < whole; n += 16) {
    const key = v128.load(k + n);
    a = madd(v128.load(q0 + n), key, a); b = madd(v128.load(q1 + n), key, b);
    c = madd(v128.load(q2 + n), key, c); d = madd(v128.load(q3 + n), key, d);
  }
  if (rest) {
    const key = loadTail(k + n, rest);
    a = madd(loadTail(q0 + n, rest), key, a); b = madd(loadTail(q1 + n, rest), key, b);
    c = madd(loadTail(q2 + n, rest), key, c); d = madd(loadTail(q3 + n, rest), key, d);
  }
  return sums(a, b, c, d);
}

/** Weights times decays; then the decays up to the first row of the next four. */
function decay(args: Args, logA: usize, t: i32, count: i32, decays: usize, weights: usize): void {
  const step = stride(args, 1), next = logA + <usize>t * step;
  const a1 = count > 1 ? NativeMath.exp(load<f32>(next + step)) : 0, a2 = count > 2 ? NativeMath.exp(load<f32>(next + 2 * step)) : 0;
  const a3 = count > 3 ? NativeMath.exp(load<f32>(next + 3 * step)) : 0;
  const all = t + 4 < args.length ? a1 * a2 * a3 * NativeMath.exp(load<f32>(next + 4 * step)) : 0;
  for (let s = 0; s <= t; s++) {
    const from = load<f64>(decays + (<usize>s << 3)), w = weights + (<usize>s << 4);
    v128.store(w, f32x4.mul(v128.load(w), lanes(from, from * a1, from * a1 * a2, from * a1 * a2 * a3)));
    const product = from * all;
    store<f64>(decays + (<usize>s << 3), product < NEGLIGIBLE ? 0 : product);
  }
  // tokens of these four rows: 1 on the diagonal
  for (let s = t + 1; s < t + count; s++) {
    const w = weights + (<usize>s << 4);
    if (s == t + 1) v128.store(w, f32x4.mul(v128.load(w), lanes(0, 1, a2, a2 * a3)));
    if (s == t + 2) v128.store(w, f32x4.mul(v128.load(w), lanes(0, 0, 1, a3)));
  }
  if (t + 4 >= args.length) return;
  const a4 = NativeMath.exp(load<f32>(next + 4 * step));
  store<f64>(decays + (<usize>(t + 1) << 3), a2 * a3 * a4);
  store<f64>(decays + (<usize>(t + 2) << 3), a3 * a4);
  store<f64>(decays + (<usize>(t + 3) << 3), a4);
  store<f64>(decays + (<usize>(t + 4) << 3), 1);
}

// @ts-ignore: decorator
@inline
function lanes(a: f64, b: f64, c: f64, d: f64): v128 {
  let four = f32x4.splat(<f32>a);
  four = f32x4.replace_lane(four, 1, <f32>b);
  four = f32x4.replace_lane(four, 2, <f32>c);
  return f32x4.replace_lane(four, 3, <f32>d);
}

/** Y of rows t to t + 3: four channels at a time, sums in registers. */
function values(args: Args, b: i32, h: i32, t: i32, count: i32, weights: usize): void {
  const row = stride(args, args.headDimV), first = origin(args, b, h, args.headDimV);
  for (let e = 0; e < args.headDimV; e += 4) {
    const at = first + (<usize>e << 2), width = args.headDimV - e;
    let v = args.V + at, w = weights, a = i32x4.splat(0), c = a, d = a, f = a;
    // keys that all four rows see
    for (let s = t; s >= 0; s--, v += row, w += 16) {
      const value = v128.load(v);
      a = madd(v128.load32_splat(w), value, a); c = madd(v128.load32_splat(w, 4), value, c);
      d = madd(v128.load32_splat(w, 8), value, d); f = madd(v128.load32_splat(w, 12), value, f);
    }
    // and the last ones, which fewer and fewer see: none is multiplied by zero
    for (let i = 1; i < count; i++, v += row, w += 16) {
      const value = v128.load(v);
      if (i == 1) c = madd(v128.load32_splat(w, 4), value, c);
      if (i <= 2 && count > 2) d = madd(v128.load32_splat(w, 8), value, d);
      if (count > 3) f = madd(v128.load32_splat(w, 12), value, f);
    }
    const to = args.Y + at + <usize>t * row;
    storeSome(to, a, width);
    if (count > 1) storeSome(to + row, c, width);
    if (count > 2) storeSome(to + 2 * row, d, width);
    if (count > 3) storeSome(to + 3 * row, f, width);
  }
}
