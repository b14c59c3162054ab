import { exp, silu } from "../../engines/wasm/exp.as";
import { flushed, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args } from "./layout.as";
export { decode } from "./decode.as";
export { clearDocuments } from "./layout.as";
export { steps } from "../../recurrence/wasm/steps.as";

// Equation (1), token by token; eight channels of a head are the lanes and their state, [n][8], stays in the first cache.

/** Tokens between two looks for small states; also what is gathered ahead of the inner loop. */
const BLOCK: i32 = 64;

/** Tasks: (sequence, run of `span` units); a unit is eight channels of a head. Scratch: states of the units, then rows of a block. */
export function recur(args: Args, task: i32, scratch: usize): void {
  const units = args.heads * args.slices, runs = (units + args.span - 1) / args.span;
  const b = task / runs, first = task % runs * args.span, last = min(first + args.span, units);
  const size = <usize>args.state << 5, rows = scratch + <usize>args.span * size;
  let S = scratch;
  for (let unit = first; unit < last; unit++, S += size) {
    memory.fill(S, 0, size);
    if (args.initialState) move(args, b, unit, args.initialState, S, true);
  }
  const ids = args.ids + (<usize>b * args.length << 2);
  let count = 0, document = 0;
  for (let t = 0; t < args.length; t += count) {
    count = min(BLOCK, args.length - t);
    if (args.documents) count = untilBorder(ids, t, count);
    S = scratch;
    for (let unit = first; unit < last; unit++, S += size) block(args, b, unit, t, count, S, rows);
    if (!args.documents || !endsAt(ids, t + count, args.length)) continue;
    S = scratch;
    for (let unit = first; unit < last; unit++, S += size) keep(args, b, unit, document, S);
    document++;
  }
  S = scratch;
  for (let unit = first; unit < last; unit++, S += size) move(args, b, unit, args.finalState, S, false);
}

/** Between (h p n) in memory and [n][8]. */
function move(args: Args, b: i32, unit: i32, tensor: usize, S: usize, into: bool): void {
  const h = unit / args.slices, p0 = unit % args.slices * 8, width = min(args.headDim - p0, 8);
  let at = tensor + (((<usize>b * args.heads + h) * args.headDim + p0) * args.state << 2);
  for (let p = 0; p < width; p++) {
    for (let n = 0; n < args.state; n++, at += 4) {
      const place = S + (<usize>n << 5) + (p << 2);
      if (into) store<f32>(place, load<f32>(at));
      else store<f32>(at, load<f32>(place));
    }
  }
}

/** Tokens from t on that are of one document, at most `count`. */
function untilBorder(ids: usize, t: i32, count: i32): i32 {
  let same = 1;
  while (same < count && !endsAt(ids, t + same, t + count)) same++;
  return same;
}

/** Whether a document ends in front of token t. */
function endsAt(ids: usize, t: i32, length: i32): bool {
  return t == length || load<f32>(ids + (<usize>t << 2)) != load<f32>(ids + (<usize>t << 2) - 4);
}

function keep(args: Args, b: i32, unit: i32, document: i32, S: usize): void {
  const h = unit / args.slices, p0 = unit % args.slices * 8, width = min(args.headDim - p0, 8);
  for (let p = 0; p < width; p++) {
    const channel = (<usize>b * args.heads + h) * args.headDim + p0 + p;
    let to = args.documentStates + ((channel * args.documents + document) * args.state << 2);
    for (let n = 0; n < args.state; n++, to += 4) store<f32>(to, load<f32>(S + (<usize>n << 5) + (p << 2)));
  }
}

function block(args: Args, b: i32, unit: i32, t0: i32, count: i32, S: usize, rows: usize): void {
  const h = unit / args.slices, p0 = unit % args.slices * 8, width = min(args.headDim - p0, 8);
  const row = <usize>b * args.length + t0;
  const stride = <usize>(args.heads * args.headDim) << 2, first = ((row * args.heads + h) * args.headDim + p0) << 2;
  const X = rows, decays = X + BLOCK * 32, Y = decays + BLOCK * 16;
  for (let t = 0; t < count; t++) {
    const token = ((row + t) * args.heads + h) << 2, from = args.X + first + <usize>t * stride, to = X + (<usize>t << 5);
    const dt = args.dt ? v128.load32_splat(args.dt + token) : f32x4.splat(1);
    v128.store(to, f32x4.mul(dt, v128.load(from)));
    v128.store(to, f32x4.mul(dt, v128.load(from, 16)), 16);
    // Stored and loaded again: V8 would sink the exponential into the loop over n.
    v128.store(decays + (<usize>t << 4), exp(v128.load32_splat(args.logA + token)));
  }
  const rowBytes = <usize>args.state << 2, tokenBytes = <usize>args.groups * rowBytes;
  const at = (row * args.groups + h / (args.heads / args.groups)) * rowBytes;
  let B = args.B + at, C = args.C + at, t = 0;
  for (; t + 2 <= count; t += 2, B += 2 * tokenBytes, C += 2 * tokenBytes) {
    const own = decays + (<usize>t << 4);
    // A reset drops what is before it, NaN and all: 0 times NaN would not be 0.
    if (load<f32>(own) == 0 || load<f32>(own, 16) == 0) {
      reset(own, S, args.state);
      oneToken(B, C, S, args.state, own, X + (<usize>t << 5), Y + (<usize>t << 5));
      reset(own + 16, S, args.state);
      oneToken(B + tokenBytes, C + tokenBytes, S, args.state, own + 16, X + (<usize>t << 5) + 32, Y + (<usize>t << 5) + 32);
    } else twoTokens(B, C, B + tokenBytes, C + tokenBytes, S, args.state, own, X + (<usize>t << 5), Y + (<usize>t << 5));
  }
  if (t < count) reset(decays + (<usize>t << 4), S, args.state);
  if (t < count) oneToken(B, C, S, args.state, decays + (<usize>t << 4), X + (<usize>t << 5), Y + (<usize>t << 5));
  const end = S + (<usize>args.state << 5);
  for (; S < end; S += 16) v128.store(S, flushed(v128.load(S)));
  for (let p = 0; p < width; p += 4) {
    const D = args.D ? v128.load(args.D + (<usize>(h * args.headDim + p0 + p) << 2)) : i32x4.splat(0);
    for (let q = 0; q < count; q++) {
      const to = first + <usize>q * stride + (p << 2);
      let y = v128.load(Y + (<usize>q << 5) + (p << 2));
      if (args.D) y = madd(D, v128.load(args.X + to), y);
      if (args.z) y = f32x4.mul(y, silu(v128.load(args.z + to)));
      if (width - p >= 4) v128.store(args.Y + to, y);
      else storeTail(args.Y + to, y, width - p);
    }
  }
}

/** Forgets the state where the decay is exactly 0. */
function reset(decay: usize, S: usize, state: i32): void {
  if (load<f32>(decay) == 0) memory.fill(S, 0, <usize>state << 5);
}

/** Two steps while the state passes by once. */
export function twoTokens(B: usize, C: usize, B1: usize, C1: usize, S: usize, state: i32, decays: usize, X: usize, Y: usize): void {
  const a = v128.load(decays), a1 = v128.load(decays, 16);
  const x0 = v128.load(X), x1 = v128.load(X, 16), z0 = v128.load(X, 32), z1 = v128.load(X, 48);
  let y0 = i32x4.splat(0), y1 = y0, w0 = y0, w1 = y0;
  for (let n = state; n > 0; n--) {
    let b = v128.load32_splat(B);
    let s0 = madd(x0, b, f32x4.mul(a, v128.load(S))), s1 = madd(x1, b, f32x4.mul(a, v128.load(S, 16)));
    b = v128.load32_splat(C);
    y0 = madd(b, s0, y0); y1 = madd(b, s1, y1);
    b = v128.load32_splat(B1);
    s0 = madd(z0, b, f32x4.mul(a1, s0)); s1 = madd(z1, b, f32x4.mul(a1, s1));
    v128.store(S, s0); v128.store(S, s1, 16);
    b = v128.load32_splat(C1);
    w0 = madd(b, s0, w0); w1 = madd(b, s1, w1);
    B += 4; C += 4; B1 += 4; C1 += 4; S += 32;
  }
  v128.store(Y, y0); v128.store(Y, y1, 16); v128.store(Y, w0, 32); v128.store(Y, w1, 48);
}

export function oneToken(B: usize, C: usize, S: usize, state: i32, decay: usize, X: usize, Y: usize): void {
  const a = v128.load(decay), x0 = v128.load(X), x1 = v128.load(X, 16);
  let y0 = i32x4.splat(0), y1 = y0;
  for (let n = state; n > 0; n--) {
    const b = v128.load32_splat(B), c = v128.load32_splat(C);
    const s0 = madd(x0, b, f32x4.mul(a, v128.load(S))), s1 = madd(x1, b, f32x4.mul(a, v128.load(S, 16)));
    v128.store(S, s0); v128.store(S, s1, 16);
    y0 = madd(c, s0, y0); y1 = madd(c, s1, y1);
    B += 4; C += 4; S += 32;
  }
  v128.store(Y, y0); v128.store(Y, y1, 16);
}
