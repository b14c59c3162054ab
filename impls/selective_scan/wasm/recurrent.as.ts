import { exp2, log2e, silu, table as expTable } from "../../engines/wasm/exp.as";
import { flushed, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args, anew, step } from "./arguments.as";
export { decode } from "./decode.as";

// Lanes are channels: eight at a time, all of one group, so that B and C of a token are broadcasts. Every state has a decay of its
// own, so that the work is one exponential and four multiply-adds an element: no form of this map is a matrix product.

/** Tokens between two looks for small states; also what is read ahead of the inner loop. */
const BLOCK: i32 = 64;

/** Exponents of two up to this size need no holding at an end of exp2. */
const TAME: f32 = 126;

/**
 * Tasks: (sequence, run of `span` slices). Scratch: per slice A, state, constant B and C, [n][8] each, and the largest |A| of each channel;
 * then a block of rows.
 */
export function scan(args: Args, task: i32, scratch: usize): void {
  const slices = args.groups * args.slices;
  const runs = (slices + args.span - 1) / args.span;
  const b = task / runs, first = (task % runs) * args.span, last = min(first + args.span, slices);
  const table = <usize>args.state << 5;
  const bytes = 4 * table + 32;
  const rows = scratch + <usize>args.span * bytes;
  let at = scratch;
  for (let s = first; s < last; s++, at += bytes) {
    const d = channelOf(args, s), width = widthOf(args, s);
    gather(args.A + (<usize>(d * args.state) << 2), args.state, width, log2e, at);
    largest(at, args.state, at + 4 * table);
    if (args.initialState) gather(args.initialState + (<usize>((b * args.width + d) * args.state) << 2), args.state, width, 1, at + table);
    else memory.fill(at + table, 0, table);
    if (args.constantB) gather(args.B + (<usize>(d * args.state) << 2), args.state, width, 1, at + 2 * table);
    if (args.constantC) gather(args.C + (<usize>(d * args.state) << 2), args.state, width, 1, at + 3 * table);
  }
  for (let t = 0; t < args.length; t += BLOCK) {
    at = scratch;
    for (let s = first; s < last; s++, at += bytes) block(args, b, s, t, min(BLOCK, args.length - t), at, table, rows);
  }
  at = scratch;
  for (let s = first; s < last; s++, at += bytes) {
    scatter(args.finalState + (<usize>((b * args.width + channelOf(args, s)) * args.state) << 2), args.state, widthOf(args, s), at + table);
  }
}

function channelOf(args: Args, slice: i32): i32 {
  return slice / args.slices * (args.width / args.groups) + (slice % args.slices) * 8;
}

function widthOf(args: Args, slice: i32): i32 {
  return min(args.width / args.groups - (slice % args.slices) * 8, 8);
}

function block(args: Args, b: i32, s: i32, t0: i32, count: i32, at: usize, table: usize, rows: usize): void {
  const d = channelOf(args, s), width = widthOf(args, s), g = s / args.slices;
  const row = <usize>b * args.length + t0;
  const stride = <usize>args.width << 2, first = (row * args.width + d) << 2;
  const deltas = rows, inputs = rows + BLOCK * 32, out = inputs + BLOCK * 32;
  // delta and delta u of the block
  let tame = true;
  for (let part: usize = 0; part < 32; part += 16) {
    let most = i32x4.splat(0);
    for (let t = 0; t < count; t++) {
      const from = first + <usize>t * stride + part, to = part + (<usize>t << 5);
      const delta = step(args, v128.load(args.delta + from), (<usize>d << 2) + part);
      most = f32x4.max(most, f32x4.abs(delta));
      v128.store(deltas + to, delta);
      v128.store(inputs + to, f32x4.mul(delta, v128.load(args.u + from)));
    }
    // A NaN is not tame: max keeps it.
    tame = tame && i32x4.all_true(f32x4.le(f32x4.mul(most, v128.load(at + 4 * table + part)), f32x4.splat(TAME)));
  }
  const rowBytes = <usize>args.state << 2, tokenBytes = <usize>(args.groups * args.state) << 2;
  const bc = (row * args.groups + g) * rowBytes;
  const plain = !args.constantB && !args.constantC;
  tame = tame && plain;
  for (let t = 0; t < count; t++) {
    const to = <usize>t << 5, token = bc + <usize>t * tokenBytes;
    if (args.documents && anew(args, b, t0 + t)) memory.fill(at + table, 0, table);
    if (tame) tameToken(args.B + token, args.C + token, at, at + table, args.state, deltas + to, inputs + to, out + to);
    else if (plain) oneToken(args.B + token, args.C + token, at, at + table, args.state, deltas + to, inputs + to, out + to);
    else {
      const stepB = args.constantB ? 32 : 4, stepC = args.constantC ? 32 : 4;
      constantToken(args.constantB ? at + 2 * table : args.B + token, stepB, args.constantC ? at + 3 * table : args.C + token, stepC,
        at, at + table, args.state, deltas + to, inputs + to, out + to);
    }
  }
  for (let i: usize = 0; i < table; i += 16) v128.store(at + table + i, flushed(v128.load(at + table + i)));
  for (let p = 0; p < width; p += 4) {
    for (let t = 0; t < count; t++) {
      let y = v128.load(out + (<usize>t << 5) + (p << 2));
      const to = first + <usize>t * stride + (p << 2);
      if (args.D) y = madd(v128.load(args.D + (<usize>(d + p) << 2)), v128.load(args.u + to), y);
      if (args.z) y = f32x4.mul(y, silu(v128.load(args.z + to)));
      if (width - p >= 4) v128.store(args.Y + to, y);
      else storeTail(args.Y + to, y, width - p);
    }
  }
}

/** s <- exp(delta A) s + delta u B, y = s . C for eight channels at one token. */
export function oneToken(B: usize, C: usize, A: usize, S: usize, state: i32, delta: usize, input: usize, out: usize): void {
  const d0 = v128.load(delta), d1 = v128.load(delta, 16), x0 = v128.load(input), x1 = v128.load(input, 16);
  let y0 = i32x4.splat(0), y1 = y0;
  for (let n = state; n > 0; n--) {
    const b = v128.load32_splat(B), c = v128.load32_splat(C);
    const s0 = madd(exp2(f32x4.mul(d0, v128.load(A))), v128.load(S), f32x4.mul(x0, b));
    const s1 = madd(exp2(f32x4.mul(d1, v128.load(A, 16))), v128.load(S, 16), f32x4.mul(x1, b));
    v128.store(S, s0); v128.store(S, s1, 16);
    y0 = madd(c, s0, y0); y1 = madd(c, s1, y1);
    B += 4; C += 4; A += 32; S += 32;
  }
  v128.store(out, y0); v128.store(out, y1, 16);
}

/**
 * The same where no exponent has to be held at an end of exp2, bit for bit: exp2 written out, so that two vectors share each load of a
 * constant. Loads, not arithmetic, are what there is too much of.
 */
export function tameToken(B: usize, C: usize, A: usize, S: usize, state: i32, delta: usize, input: usize, out: usize): void {
  const d0 = v128.load(delta), d1 = v128.load(delta, 16), x0 = v128.load(input), x1 = v128.load(input, 16);
  let y0 = i32x4.splat(0), y1 = y0;
  for (let n = state; n > 0; n--) {
    const t0 = f32x4.mul(d0, v128.load(A)), t1 = f32x4.mul(d1, v128.load(A, 16));
    const magic = v128.load(expTable, 32);
    const z0 = f32x4.add(t0, magic), z1 = f32x4.add(t1, magic);
    const f0 = f32x4.sub(t0, f32x4.sub(z0, magic)), f1 = f32x4.sub(t1, f32x4.sub(z1, magic));
    let c = v128.load(expTable, 48), e = v128.load(expTable, 64);
    let p0 = madd(c, f0, e), p1 = madd(c, f1, e);
    c = v128.load(expTable, 80); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 96); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 112); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 128); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    p0 = i32x4.add(p0, i32x4.shl(z0, 23)); p1 = i32x4.add(p1, i32x4.shl(z1, 23));
    c = v128.load32_splat(B);
    const s0 = madd(p0, v128.load(S), f32x4.mul(x0, c)), s1 = madd(p1, v128.load(S, 16), f32x4.mul(x1, c));
    v128.store(S, s0); v128.store(S, s1, 16);
    c = v128.load32_splat(C);
    y0 = madd(c, s0, y0); y1 = madd(c, s1, y1);
    B += 4; C += 4; A += 32; S += 32;
  }
  v128.store(out, y0); v128.store(out, y1, 16);
}

/** The same with a B or C that does not change with time: a row of eight channels a state, where the step is 32 bytes. */
export function constantToken(
  B: usize, stepB: usize, C: usize, stepC: usize, A: usize, S: usize, state: i32, delta: usize, input: usize, out: usize,
): void {
  for (let part: usize = 0; part < 32; part += 16) {
    const d = v128.load(delta + part), x = v128.load(input + part);
    let y = i32x4.splat(0), pB = stepB == 32 ? B + part : B, pC = stepC == 32 ? C + part : C;
    for (let n: usize = 0; n < <usize>state << 5; n += 32) {
      const b = stepB == 32 ? v128.load(pB) : v128.load32_splat(pB), c = stepC == 32 ? v128.load(pC) : v128.load32_splat(pC);
      const s = madd(exp2(f32x4.mul(d, v128.load(A + part + n))), v128.load(S + part + n), f32x4.mul(x, b));
      v128.store(S + part + n, s);
      y = madd(c, s, y);
      pB += stepB; pC += stepC;
    }
    v128.store(out + part, y);
  }
}

/** The largest |A| of each of eight channels; NaN where there is one. */
function largest(A: usize, state: i32, to: usize): void {
  for (let part: usize = 0; part < 32; part += 16) {
    let most = i32x4.splat(0);
    for (let n: usize = 0; n < <usize>state << 5; n += 32) most = f32x4.max(most, f32x4.abs(v128.load(A + part + n)));
    v128.store(to + part, most);
  }
}

/** (channel, n) to [n][8], times a factor; channels that are not there become zeros. */
function gather(from: usize, state: i32, width: i32, factor: f32, to: usize): void {
  for (let p = 0; p < 8; p++) {
    for (let n = 0; n < state; n++) {
      store<f32>(to + (<usize>n << 5) + (p << 2), p < width ? factor * load<f32>(from + (<usize>(p * state + n) << 2)) : 0);
    }
  }
}

function scatter(to: usize, state: i32, width: i32, from: usize): void {
  for (let p = 0; p < width; p++) {
    for (let n = 0; n < state; n++) store<f32>(to + (<usize>(p * state + n) << 2), load<f32>(from + (<usize>n << 5) + (p << 2)));
  }
}
