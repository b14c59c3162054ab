import { madd, maddWide } from "../../engines/wasm/simd.as";
import { Args, turnsOf } from "./layout.as";

// Keys and queries, biased and turned by the running angle. Angles are summed in turns, in float64, as whole multiples of 2^-50: within
// [0, 1) such sums are exact, in any order (README.md, "The angle").

/** Each number twice, so that one plain load fetches a vector: asc folds splats into v128.const, which V8 rebuilds inside every loop. */
const wide = memory.data<f64>([
  2.8853900817779268, 2.8853900817779268, // 2 log2(e)
  6755399441055744, 6755399441055744, // 1.5 * 2^52: adding it rounds to the nearest whole number and leaves it in the low bits
  0.34657359027997264, 0.34657359027997264, // ln(2) / 2
  // (e^2r - 1) / r for |r| <= ln(2) / 4, r^8 first: interpolated at Chebyshev points, within 2^-43 of itself
  0.0014148217999136498, 0.0014148217999136498,
  0.006368307798525132, 0.006368307798525132,
  0.025396722369995187, 0.025396722369995187,
  0.0888884582903608, 0.0888884582903608,
  0.26666666778165665, 0.26666666778165665,
  0.6666666702609968, 0.6666666702609968,
  1.3333333333291149, 1.3333333333291149,
  1.9999999999918996, 1.9999999999918996,
  2.000000000000004, 2.000000000000004,
], 16);

/** tanh within 2^-42 of itself: (e^2x - 1) / (e^2x + 1) with e^2x - 1 = 2^k (e^2r - 1) + (2^k - 1), which does not cancel. */
// @ts-ignore: decorator
@inline
function tanh(x: v128): v128 {
  const magic = v128.load(wide, 16);
  const z = maddWide(x, v128.load(wide), magic), k = f64x2.sub(z, magic);
  const r = f64x2.sub(x, f64x2.mul(k, v128.load(wide, 32)));
  let p = maddWide(v128.load(wide, 48), r, v128.load(wide, 64));
  p = maddWide(p, r, v128.load(wide, 80));
  p = maddWide(p, r, v128.load(wide, 96));
  p = maddWide(p, r, v128.load(wide, 112));
  p = maddWide(p, r, v128.load(wide, 128));
  p = maddWide(p, r, v128.load(wide, 144));
  p = maddWide(p, r, v128.load(wide, 160));
  p = f64x2.mul(maddWide(p, r, v128.load(wide, 176)), r);
  const one = f64x2.splat(1), power = i64x2.add(one, i64x2.shl(z, 52));
  const less = maddWide(power, p, f64x2.sub(power, one));
  return f64x2.div(less, f64x2.add(less, f64x2.splat(2)));
}

/** The fraction of a turn in [-1/2, 1/2], rounded to a multiple of 2^-50. */
// @ts-ignore: decorator
@inline
function onGrid(turns: v128): v128 {
  const six = f64x2.splat(6);
  return f64x2.sub(f64x2.add(f64x2.sub(turns, f64x2.nearest(turns)), six), six);
}

/** Two sums at `sums` go on by their angles. */
// @ts-ignore: decorator
@inline
function advance(sums: usize, angles: v128, half: v128): v128 {
  const sum = f64x2.add(v128.load(sums), onGrid(f64x2.mul(tanh(angles), half)));
  const turns = f64x2.sub(sum, f64x2.floor(sum));
  v128.store(sums, turns);
  return turns;
}

/** Angles before the first token, and the state that the first token sees. Tasks: (sequence, head). */
export function begin(args: Args, task: i32, scratch: usize): void {
  const padded = (args.pairs + 3) >> 2 << 2;
  const sums = args.turns + <usize>(task * padded) * 8;
  memory.fill(sums, 0, <usize>padded * 8);
  for (let p = 0; args.D && task < args.heads && p < args.headDim; p++)
    store<f32>(args.wideD + (<usize>(task * args.headDim + p) << 2), load<f32>(args.D + (<usize>task << 2)));
  if (!args.initialAngles) return;
  for (let j = 0; j < args.pairs; j++) {
    const angle = <f64>load<f32>(args.initialAngles + (<usize>(task * args.pairs + j) << 2));
    const turns = f64x2.extract_lane(onGrid(f64x2.splat(angle / 6.283185307179586)), 0);
    store<f64>(sums + (<usize>j << 3), turns - Math.floor(turns));
  }
  const row = <usize>(task / args.heads) * args.length * args.heads + task % args.heads;
  const late = load<f32>(args.dt + (row << 2)) / (1 + <f32>Math.exp(load<f32>(args.trap + (row << 2))));
  const state = args.state, key = args.initialK + (<usize>(task * state) << 2);
  let at = <usize>(task * args.headDim * state) << 2;
  for (let p = 0; p < args.headDim; p++) {
    const x = late * load<f32>(args.initialV + (<usize>(task * args.headDim + p) << 2));
    for (let n = 0; n < state; n++, at += 4) {
      const sum = load<f32>(args.initialState + at) + x * load<f32>(key + (<usize>n << 2));
      store<f32>(args.firstState + at, sum);
    }
  }
}

/** Turned keys and queries of the dispatch's tokens. Tasks: (sequence, head). */
export function turn(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, row = <usize>(args.first + b) * args.length + args.start;
  const stride = <usize>(args.heads * args.state) << 2;
  const to = <usize>b * args.tokens * stride + (<usize>(h * args.state) << 2);
  turnTokens(args, args.first + b, h, row, args.tokens, args.turnedQ + to, args.turnedK + to, stride, scratch);
  if (args.start + args.tokens < args.length) return;
  handOn(args, args.first + b, h, args.turnedK + to + <usize>(args.tokens - 1) * stride);
}

/** What a sequence hands on beside its state. @param key the last token's turned one */
export function handOn(args: Args, b: i32, h: i32, key: usize): void {
  const head = <usize>(b * args.heads + h), last = <usize>((b + 1) * args.length - 1) * args.heads + h;
  const sums = turnsOf(args, b, h);
  for (let j = 0; j < args.pairs; j++) {
    const angle = load<f64>(sums + (<usize>j << 3)) * 6.283185307179586;
    store<f32>(args.finalAngles + (head * args.pairs + j << 2), <f32>angle);
  }
  memory.copy(args.finalK + (head * args.state << 2), key, <usize>args.state << 2);
  memory.copy(args.finalV + (head * args.headDim << 2), args.V + (last * args.headDim << 2), <usize>args.headDim << 2);
}

/** `count` tokens of a head from place `row` of (batch, length) on, their queries and keys `stride` bytes apart. */
export function turnTokens(args: Args, b: i32, h: i32, row: usize, count: i32, Q: usize, K: usize, stride: usize, scratch: usize): void {
  const state = args.state, whole = (state & 7) == 0, sums = turnsOf(args, b, h);
  const biasQ = args.biasQ + (<usize>(h * state) << 2), biasK = args.biasK + (<usize>(h * state) << 2);
  const ratio = args.heads / args.groups, from = <usize>(h / ratio * state) << 2, wideRow = <usize>(args.groups * state) << 2;
  // a row that is no whole vectors is made apart: what lies behind it is another head's
  const spareK = scratch + <usize>((state + 7) >> 3 << 5);
  for (let t = 0; t < count; t++, row++, Q += stride, K += stride) {
    const token = row * args.heads + h;
    turnRow(
      args.Q + row * wideRow + from, args.K + row * wideRow + from, biasQ, biasK, args.angles + (token * args.pairs << 2),
      sums, load<f32>(args.dt + (token << 2)), state, args.pairs, whole ? Q : scratch, whole ? K : spareK,
    );
    if (whole) continue;
    memory.copy(Q, scratch, <usize>state << 2);
    memory.copy(K, spareK, <usize>state << 2);
  }
}

// sin(2 pi f) / f and cos(2 pi f) by their series in f^2, |f| <= 1/8; each number four times
const narrow = memory.data<f32>([
  42.0586940, 42.0586940, 42.0586940, 42.0586940,
  -76.7058597, -76.7058597, -76.7058597, -76.7058597,
  81.6052493, 81.6052493, 81.6052493, 81.6052493,
  -41.3417022, -41.3417022, -41.3417022, -41.3417022,
  6.28318531, 6.28318531, 6.28318531, 6.28318531,
  60.2446414, 60.2446414, 60.2446414, 60.2446414,
  -85.4568172, -85.4568172, -85.4568172, -85.4568172,
  64.9393940, 64.9393940, 64.9393940, 64.9393940,
  -19.7392088, -19.7392088, -19.7392088, -19.7392088,
], 16);
const lanes = memory.data<i32>([0, 1, 2, 3], 16);

/** One token's query and key, eight entries at a time; rows are read up to seven entries past their end. */
function turnRow(
  q: usize, k: usize, biasQ: usize, biasK: usize, angles: usize, sums: usize, dt: f32, state: i32, pairs: i32, Q: usize, K: usize,
): void {
  const half = f64x2.splat(<f64>dt * 0.5);
  let n = 0;
  for (let j = 0; j < pairs; j += 4, n += 8) {
    // beyond 20 a tanh is 1 in float64
    const four = f32x4.pmin(f32x4.pmax(v128.load(angles), f32x4.splat(-20)), f32x4.splat(20));
    const t0 = advance(sums, f64x2.promote_low_f32x4(four), half);
    const t1 = advance(sums + 16, f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3)), half);
    // the quarter turn nearest to each, and what is left of it
    const quarter0 = f64x2.nearest(f64x2.mul(t0, f64x2.splat(4))), quarter1 = f64x2.nearest(f64x2.mul(t1, f64x2.splat(4)));
    const f = v128.shuffle<f64>(
      f32x4.demote_f64x2_zero(f64x2.sub(t0, f64x2.mul(quarter0, f64x2.splat(0.25)))),
      f32x4.demote_f64x2_zero(f64x2.sub(t1, f64x2.mul(quarter1, f64x2.splat(0.25)))), 0, 2,
    );
    const quarter = v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(quarter0), i32x4.trunc_sat_f64x2_s_zero(quarter1), 0, 2);
    const square = f32x4.mul(f, f);
    let sine = madd(v128.load(narrow), square, v128.load(narrow, 16));
    sine = madd(sine, square, v128.load(narrow, 32));
    sine = madd(sine, square, v128.load(narrow, 48));
    sine = f32x4.mul(madd(sine, square, v128.load(narrow, 64)), f);
    let cosine = madd(v128.load(narrow, 80), square, v128.load(narrow, 96));
    cosine = madd(cosine, square, v128.load(narrow, 112));
    cosine = madd(cosine, square, v128.load(narrow, 128));
    cosine = madd(cosine, square, f32x4.splat(1));
    const odd = i32x4.eq(v128.and(quarter, i32x4.splat(1)), i32x4.splat(1));
    const signC = i32x4.shl(v128.and(i32x4.add(quarter, i32x4.splat(1)), i32x4.splat(2)), 30);
    const signS = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);
    // entries behind the last pair stay: sine 0, cosine 1
    const inside = i32x4.lt_s(v128.load(lanes), i32x4.splat(pairs - j));
    const c = v128.bitselect(v128.xor(v128.bitselect(sine, cosine, odd), signC), f32x4.splat(1), inside);
    const s = v128.and(v128.xor(v128.bitselect(cosine, sine, odd), signS), inside);
    const c0 = v128.shuffle<f32>(c, c, 0, 0, 1, 1), c1 = v128.shuffle<f32>(c, c, 2, 2, 3, 3), minus = f32x4.neg(s);
    const s0 = v128.shuffle<f32>(minus, s, 0, 4, 1, 5), s1 = v128.shuffle<f32>(minus, s, 2, 6, 3, 7);
    const paired0 = v128.shuffle<f32>(inside, inside, 0, 0, 1, 1), paired1 = v128.shuffle<f32>(inside, inside, 2, 2, 3, 3);
    pairsOf(q, biasQ, c0, s0, paired0, Q);
    pairsOf(q + 16, biasQ + 16, c1, s1, paired1, Q + 16);
    pairsOf(k, biasK, c0, s0, paired0, K);
    pairsOf(k + 16, biasK + 16, c1, s1, paired1, K + 16);
    angles += 16; sums += 32; q += 32; k += 32; biasQ += 32; biasK += 32; Q += 32; K += 32;
  }
  for (; n < state; n += 8) {
    v128.store(Q, f32x4.add(v128.load(q), v128.load(biasQ))); v128.store(Q, f32x4.add(v128.load(q, 16), v128.load(biasQ, 16)), 16);
    v128.store(K, f32x4.add(v128.load(k), v128.load(biasK))); v128.store(K, f32x4.add(v128.load(k, 16), v128.load(biasK, 16)), 16);
    q += 32; k += 32; biasQ += 32; biasK += 32; Q += 32; K += 32;
  }
}

/**
 * (x, y) <- (x c - y s, y c + x s) of two pairs.
 * @param s with its signs: -s, s of each pair
 * @param paired what has a partner: beside the last entry of an odd row stands another head's, and 0 times its NaN is no 0
 */
// @ts-ignore: decorator
@inline
function pairsOf(from: usize, bias: usize, c: v128, s: v128, paired: v128, to: usize): void {
  const x = f32x4.add(v128.load(from), v128.load(bias));
  v128.store(to, madd(v128.and(v128.shuffle<f32>(x, x, 1, 0, 3, 2), paired), s, f32x4.mul(x, c)));
}
