import { exp, silu } from "../../engines/wasm/exp.as";
import { flushed, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args } from "./layout.as";
import { handOn, turnTokens } from "./turn.as";
export { begin } from "./turn.as";
export { weigh } from "./trapezoid.as";

// The recurrence, token by token; eight channels of a head are the lanes and their state, [n][8], stays in a cache:
// y = a S q + own v (k . q), then S <- a S + later v k.

/** Tokens that are turned ahead of the inner loop; also those between two looks for small states. BLOCK in recurrent.wasm.ts. */
const BLOCK: i32 = 64;

/** Tasks: (sequence, head). Scratch: states of the head's slices, then rows of a block. */
export function recur(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, slices = (args.headDim + 7) >> 3, state = args.state;
  const size = <usize>state << 5, row = <usize>state << 2;
  const Q = scratch + <usize>slices * size, K = Q + BLOCK * row, rest = K + BLOCK * row;
  memory.fill(scratch, 0, <usize>slices * size);
  if (args.firstState) move(args, task, args.firstState, scratch, true);
  let count = 0;
  for (let t = 0; t < args.length; t += count) {
    count = min(BLOCK, args.length - t);
    const first = <usize>b * args.length + t;
    turnTokens(args, b, h, first, count, Q, K, row, rest);
    factors(args, first * args.heads + h, count, Q, K, rest);
    for (let slice = 0; slice < slices; slice++) block(args, h, slice << 3, first, count, scratch + <usize>slice * size, Q, K, rest);
  }
  move(args, task, args.finalState, scratch, false);
  handOn(args, b, h, K + <usize>(count - 1) * row);
}

/** Between (h p n) in memory and [slice][n][8]. */
function move(args: Args, head: i32, tensor: usize, S: usize, into: bool): void {
  let at = tensor + (<usize>(head * args.headDim) * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let place = S + (<usize>(p >> 3) * args.state << 5) + ((p & 7) << 2);
    for (let n = 0; n < args.state; n++, at += 4, place += 32) {
      if (into) store<f32>(place, load<f32>(at));
      else store<f32>(at, load<f32>(place));
    }
  }
}

/** Of each token four times: its decay, and own (k . q), at `to`[token][8]. */
function factors(args: Args, token: usize, count: i32, Q: usize, K: usize, to: usize): void {
  for (let t = 0; t < count; t++, token += args.heads, to += 32) {
    const own = load<f32>(args.own + (token << 2)), q = Q, k = K;
    let sum: f32 = 0;
    let four = i32x4.splat(0), n = 0;
    for (; n + 4 <= args.state; n += 4, Q += 16, K += 16) four = madd(v128.load(Q), v128.load(K), four);
    for (; n < args.state; n++, Q += 4, K += 4) sum += load<f32>(Q) * load<f32>(K);
    sum += f32x4.extract_lane(four, 0) + f32x4.extract_lane(four, 1) + (f32x4.extract_lane(four, 2) + f32x4.extract_lane(four, 3));
    v128.store(to, exp(v128.load32_splat(args.logA + (token << 2))));
    v128.store(to, f32x4.splat(own * sum), 16);
    Q = q + (<usize>args.state << 2);
    K = k + (<usize>args.state << 2);
  }
}

/** Eight channels from p0 on through a block. @param rest factors of its tokens, room for their weighted values and outputs behind */
function block(args: Args, h: i32, p0: i32, row: usize, count: i32, S: usize, Q: usize, K: usize, rest: usize): void {
  const stride = <usize>(args.heads * args.headDim) << 2, first = ((row * args.heads + h) * args.headDim + p0) << 2;
  const X = rest + BLOCK * 32, Y = X + BLOCK * 32, width = min(args.headDim - p0, 8), next = <usize>args.state << 2;
  for (let t = 0; t < count; t++) {
    const later = v128.load32_splat(args.later + (((row + t) * args.heads + h) << 2)), from = args.V + first + <usize>t * stride;
    const to = X + (<usize>t << 5);
    v128.store(to, f32x4.mul(later, v128.load(from)));
    v128.store(to, f32x4.mul(later, v128.load(from, 16)), 16);
  }
  let t = 0;
  for (; t + 2 <= count; t += 2) {
    const at = <usize>t << 5, from = <usize>t * next;
    twoTokens(Q + from, K + from, next, S, args.state, rest + at, X + at, Y + at);
  }
  if (t < count) {
    const at = <usize>t << 5, from = <usize>t * next;
    oneToken(Q + from, K + from, S, args.state, rest + at, X + at, Y + at);
  }
  const end = S + (<usize>args.state << 5);
  for (; S < end; S += 16) v128.store(S, flushed(v128.load(S)));
  for (let p = 0; p < width; p += 4) {
    for (let q = 0; q < count; q++) {
      const to = first + <usize>q * stride + (p << 2), factor = rest + (<usize>q << 5), v = v128.load(args.V + to);
      let y = madd(v128.load(factor, 16), v, f32x4.mul(v128.load(factor), v128.load(Y + (<usize>q << 5) + (p << 2))));
      if (args.D) y = madd(v128.load32_splat(args.D + (<usize>h << 2)), v, y);
      if (args.z) y = f32x4.mul(y, silu(v128.load(args.z + to)));
      if (width - p >= 4) v128.store(args.Y + to, y);
      else storeTail(args.Y + to, y, width - p);
    }
  }
}

/** What the state before each token gives its query, while the state takes both tokens; rows lie `next` bytes apart. */
export function twoTokens(q: usize, k: usize, next: usize, S: usize, state: i32, factors: usize, X: usize, Y: usize): void {
  const a = v128.load(factors), a1 = v128.load(factors, 32);
  const x0 = v128.load(X), x1 = v128.load(X, 16), z0 = v128.load(X, 32), z1 = v128.load(X, 48);
  let y0 = i32x4.splat(0), y1 = y0, w0 = y0, w1 = y0;
  for (let n = state; n > 0; n--) {
    let s0 = v128.load(S), s1 = v128.load(S, 16), u = v128.load32_splat(q);
    y0 = madd(u, s0, y0); y1 = madd(u, s1, y1);
    u = v128.load32_splat(k);
    s0 = madd(x0, u, f32x4.mul(a, s0)); s1 = madd(x1, u, f32x4.mul(a, s1));
    u = v128.load32_splat(q + next);
    w0 = madd(u, s0, w0); w1 = madd(u, s1, w1);
    u = v128.load32_splat(k + next);
    v128.store(S, madd(z0, u, f32x4.mul(a1, s0))); v128.store(S, madd(z1, u, f32x4.mul(a1, s1)), 16);
    q += 4; k += 4; S += 32;
  }
  v128.store(Y, y0); v128.store(Y, y1, 16); v128.store(Y, w0, 32); v128.store(Y, w1, 48);
}

export function oneToken(q: usize, k: usize, S: usize, state: i32, factors: usize, X: usize, Y: usize): void {
  const a = v128.load(factors), x0 = v128.load(X), x1 = v128.load(X, 16);
  let y0 = i32x4.splat(0), y1 = y0;
  for (let n = state; n > 0; n--) {
    const s0 = v128.load(S), s1 = v128.load(S, 16), u = v128.load32_splat(q), w = v128.load32_splat(k);
    y0 = madd(u, s0, y0); y1 = madd(u, s1, y1);
    v128.store(S, madd(x0, w, f32x4.mul(a, s0))); v128.store(S, madd(x1, w, f32x4.mul(a, s1)), 16);
    q += 4; k += 4; S += 32;
  }
  v128.store(Y, y0); v128.store(Y, y1, 16);
}
