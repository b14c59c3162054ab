import { exp, log2e, silu, softplus } from "../../engines/wasm/exp.as";
import { loadTail, madd, storeTail, sums } from "../../engines/wasm/simd.as";
import { Args, BLOCK, blocks, partialBytes, place, Slice, STRETCH, tableBytes } from "./arguments.as";
import { advance, flush, forget, G, HB, HSA, INPUT, PACE, retreat, ROW, WALK, Y } from "./states.as";
export { advance, flush, forget, retreat } from "./states.as";

const ln2: f32 = 0.693147181;

// A thread's scratch: a slice's place; a block's rows; B and C of its tokens, four times each number; sums of four channels for dB and dC;
// decays and pasts.
// @ts-ignore: decorator
@inline
function rowsOf(scratch: usize): usize {
  return scratch + 64;
}
// @ts-ignore: decorator
@inline
function inputsOf(scratch: usize): usize {
  return rowsOf(scratch) + <usize>BLOCK * ROW;
}
// @ts-ignore: decorator
@inline
function sumsOf(args: Args, scratch: usize): usize {
  return inputsOf(scratch) + 2 * <usize>BLOCK * tableBytes(args);
}
// @ts-ignore: decorator
@inline
function keptOf(args: Args, scratch: usize): usize {
  return sumsOf(args, scratch) + 2 * <usize>BLOCK * tableBytes(args);
}

// @ts-ignore: decorator
@inline
function some(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}
// @ts-ignore: decorator
@inline
function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}

/** (channel, n) to a number of each state, `stride` bytes apart, times a factor; channels that are not there become zeros. */
function gather(from: usize, state: i32, channels: i32, factor: f32, to: usize, stride: usize): void {
  for (let n = 0; n < state; n++, to += stride)
    for (let p = 0; p < 4; p++) store<f32>(to + (p << 2), p < channels ? factor * load<f32>(from + (<usize>(p * state + n) << 2)) : 0);
}

function scatter(to: usize, state: i32, channels: i32, from: usize, stride: usize): void {
  for (let n = 0; n < state; n++, from += stride)
    for (let p = 0; p < channels; p++) store<f32>(to + (<usize>(p * state + n) << 2), load<f32>(from + (p << 2)));
}

/** 0. B or C of a block's tokens, four times each number. */
function spread(args: Args, from: usize, count: i32, to: usize): void {
  const stride = <usize>(args.groups * args.state) << 2, bytes = tableBytes(args);
  for (let t = 0; t < count; t++, from += stride, to += bytes) {
    for (let n = 0; n < args.state; n++) v128.store(to + (<usize>n << 4), v128.load32_splat(from + (<usize>n << 2)));
    if (args.state < args.padded) v128.store(to + (<usize>args.state << 4), i32x4.splat(0));
  }
}

function openBlock(args: Args, b: i32, group: i32, first: i32, count: i32, scratch: usize): void {
  const row = ((<usize>b * args.length + first) * args.groups + group) * args.state << 2, to = inputsOf(scratch);
  if (!args.constantB) spread(args, args.B + row, count, to);
  if (!args.constantC) spread(args, args.C + row, count, to + <usize>BLOCK * tableBytes(args));
}

/** Whether nothing from before a token of a sequence reaches it. */
function anew(args: Args, b: i32, t: i32): bool {
  const id = args.documents + (<usize>(b * args.length + t) << 2);
  if (t > 0) return args.documents != 0 && load<f32>(id) != load<f32>(id - 4);
  return !args.initialState || (args.documents != 0 && load<f32>(id) != 0);
}

// @ts-ignore: decorator
@inline
function rawStep(args: Args, s: Slice, at: usize): v128 {
  const raw = some(args.delta + at, s.channels);
  return args.deltaBias ? f32x4.add(raw, some(args.deltaBias + (<usize>s.channel << 2), s.channels)) : raw;
}

/** 1. and 2. Steps of a block's tokens, and the states behind them. */
function forward(args: Args, b: i32, s: Slice, first: i32, count: i32, scratch: usize): void {
  const table = tableBytes(args);
  let row = rowsOf(scratch), at = ((<usize>b * args.length + first) * args.width + s.channel) << 2, kept = keptOf(args, scratch);
  let B = args.constantB ? s.B : inputsOf(scratch);
  for (let t = 0; t < count; t++) {
    let step = rawStep(args, s, at);
    if (args.softplus) step = softplus(step);
    v128.store(row, step);
    v128.store(row, f32x4.mul(step, some(args.u + at, s.channels)), INPUT);
    const begins = anew(args, b, first + t);
    // No decay where nothing is left to decay, that none can be infinite.
    v128.store(row, begins ? i32x4.splat(0) : step, PACE);
    if (begins) forget(s.walk, args.padded);
    advance(s.walk, B, kept, args.padded >> 1, row);
    row += ROW; at += <usize>args.width << 2; kept += 2 * table;
    if (!args.constantB) B += table;
  }
  flush(s.walk, args.padded);
}

function openSlice(args: Args, b: i32, s: Slice): void {
  const channel = <usize>(s.channel * args.state) << 2;
  memory.fill(s.walk, 0, args.recordBytes);
  gather(args.A + channel, args.state, s.channels, log2e, s.walk, WALK);
  if (args.initialState) {
    gather(args.initialState + (<usize>(b * args.width * args.state) << 2) + channel, args.state, s.channels, 1, s.walk + 16, WALK);
  }
  if (args.constantB) gather(args.B + channel, args.state, s.channels, 1, s.B, 16);
  if (args.constantC) gather(args.C + channel, args.state, s.channels, 1, s.C, 16);
}

/**
 * The states of a part's channels where blocks begin; behind the last token their cotangents take their place. Tasks: (sequence, group,
 * part).
 */
export function keepBorders(args: Args, task: i32, scratch: usize): void {
  const s = changetype<Slice>(scratch), bg = task / args.parts, b = bg / args.groups, g = bg % args.groups;
  const i0 = g * args.slices + (task % args.parts) * args.span, i1 = min(i0 + args.span, (g + 1) * args.slices);
  const table = tableBytes(args);
  for (let i = i0; i < i1; i++) { place(args, b, i, s); openSlice(args, b, s); }
  for (let c = 0; c < blocks(args); c++) {
    const first = c * BLOCK, count = min(BLOCK, args.length - first);
    openBlock(args, b, g, first, count, scratch);
    for (let i = i0; i < i1; i++) {
      place(args, b, i, s);
      let to = s.borders + <usize>c * table, from = s.walk;
      for (let n = args.padded; n > 0; n--, to += 16, from += WALK) v128.store(to, v128.load(from, 16));
      forward(args, b, s, first, count, scratch);
    }
  }
  for (let i = i0; i < i1; i++) {
    place(args, b, i, s);
    const at = <usize>((b * args.width + s.channel) * args.state) << 2;
    if (args.finalState) scatter(args.finalState + at, args.state, s.channels, s.walk + 16, WALK);
    forget(s.walk, args.padded);
    if (args.dFinalState) gather(args.dFinalState + at, args.state, s.channels, 1, s.walk + 16, WALK);
  }
}

/** 3. A block's tokens, the last one first. */
function back(args: Args, b: i32, s: Slice, first: i32, count: i32, scratch: usize): void {
  const table = tableBytes(args), inputs = inputsOf(scratch), sum = sumsOf(args, scratch), half = <usize>BLOCK * table;
  for (let t = count - 1; t >= 0; t--) {
    const row = rowsOf(scratch) + <usize>t * ROW, at = ((<usize>(b * args.length + first + t)) * args.width + s.channel) << 2;
    let g = some(args.dY + at, s.channels);
    if (args.z) g = f32x4.mul(g, silu(some(args.z + at, s.channels)));
    v128.store(row, g, G);
    const own = <usize>t * table;
    retreat(s.walk, args.constantB ? s.B : inputs + own, args.constantC ? s.C : inputs + half + own,
      args.constantB ? s.dB : sum + own, args.constantC ? s.dC : sum + half + own, keptOf(args, scratch) + 2 * own, args.padded, row);
    if (anew(args, b, first + t)) forget(s.walk, args.padded);
  }
  flush(s.walk, args.padded);
}

/** sigmoid(z) (1 + z sigmoid(-z)), neither sigmoid taken from the other. */
function siluSlope(z: v128): v128 {
  const small = exp(f32x4.neg(f32x4.abs(z))), large = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), small));
  const other = f32x4.mul(small, large), positive = f32x4.ge(z, i32x4.splat(0));
  const sigmoid = v128.bitselect(large, other, positive), rest = v128.bitselect(other, large, positive);
  return f32x4.mul(sigmoid, f32x4.add(f32x4.splat(1), f32x4.mul(z, rest)));
}

/** 4. What a token's channels get: u, delta and z, and in a training pass Y. */
function write(args: Args, b: i32, s: Slice, first: i32, count: i32, scratch: usize): void {
  const D = args.D ? some(args.D + (<usize>s.channel << 2), s.channels) : i32x4.splat(0), one = f32x4.splat(1);
  let dD = v128.load(s.sums), dBias = v128.load(s.sums, 16);
  for (let t = count - 1; t >= 0; t--) {
    const row = rowsOf(scratch) + <usize>t * ROW, at = ((<usize>(b * args.length + first + t)) * args.width + s.channel) << 2;
    const u = some(args.u + at, s.channels), g = v128.load(row, G), hB = v128.load(row, HB);
    let du = f32x4.mul(v128.load(row), hB), y = v128.load(row, Y);
    let dDelta = madd(u, hB, f32x4.mul(f32x4.splat(ln2), v128.load(row, HSA)));
    if (args.D) {
      du = madd(D, g, du);
      dD = madd(g, u, dD);
      y = madd(D, u, y);
    }
    if (args.softplus) {
      const raw = rawStep(args, s, at), slope = f32x4.div(one, f32x4.add(one, exp(f32x4.neg(raw))));
      dDelta = f32x4.mul(dDelta, v128.bitselect(one, slope, f32x4.gt(raw, f32x4.splat(20))));
    }
    dBias = f32x4.add(dBias, dDelta);
    storeSome(args.du + at, du, s.channels);
    storeSome(args.ddelta + at, dDelta, s.channels);
    if (args.z) {
      const z = some(args.z + at, s.channels);
      storeSome(args.dz + at, f32x4.mul(f32x4.mul(some(args.dY + at, s.channels), y), siluSlope(z)), s.channels);
      y = f32x4.mul(y, silu(z));
    }
    if (args.Y) storeSome(args.Y + at, y, s.channels);
  }
  v128.store(s.sums, dD); v128.store(s.sums, dBias, 16);
}

/** A stretch's blocks, the last one first, for a part's channels. Tasks: (sequence, group, part). */
export function walkBack(args: Args, task: i32, scratch: usize): void {
  const s = changetype<Slice>(scratch), bg = task / args.parts, b = bg / args.groups, g = bg % args.groups;
  const i0 = g * args.slices + (task % args.parts) * args.span, i1 = min(i0 + args.span, (g + 1) * args.slices);
  const table = tableBytes(args), c0 = args.stretch * STRETCH, sum = sumsOf(args, scratch);
  for (let c = min(c0 + STRETCH, blocks(args)) - 1; c >= c0; c--) {
    const first = c * BLOCK, count = min(BLOCK, args.length - first);
    openBlock(args, b, g, first, count, scratch);
    memory.fill(sum, 0, 2 * <usize>BLOCK * table);
    for (let i = i0; i < i1; i++) {
      place(args, b, i, s);
      exchange(s.borders + <usize>c * table, s.walk, args.padded);
      forward(args, b, s, first, count, scratch);
      exchange(s.borders + <usize>c * table, s.walk, args.padded);
      back(args, b, s, first, count, scratch);
      write(args, b, s, first, count, scratch);
    }
    const to = args.partials + <usize>task * partialBytes(args) + (<usize>((c - c0) * BLOCK * 2 * args.padded) << 2);
    for (let t = 0; t < count; t++) {
      const own = to + (<usize>(t * 2 * args.padded) << 2);
      addLanes(sum + <usize>t * table, args.padded, own);
      addLanes(sum + <usize>(BLOCK + t) * table, args.padded, own + (<usize>args.padded << 2));
    }
  }
}

/** The state where a block begins takes the place of the cotangent, and the other way round. */
function exchange(border: usize, walk: usize, states: i32): void {
  for (; states > 0; states--, border += 16, walk += WALK) {
    const other = v128.load(border);
    v128.store(border, v128.load(walk, 16));
    v128.store(walk, other, 16);
  }
}

/** The sum over the lanes of each state's vector. */
function addLanes(from: usize, states: i32, to: usize): void {
  for (; states >= 4; states -= 4, from += 64, to += 16) {
    v128.store(to, sums(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48)));
  }
  if (!states) return;
  const zero = i32x4.splat(0);
  storeTail(to, sums(v128.load(from), v128.load(from, 16), zero, zero), 2);
}

/** 5. dB and dC of the tokens of one of the stretch's blocks: the parts' sums, in their order. Tasks: (sequence, group, block). */
export function addParts(args: Args, task: i32, scratch: usize): void {
  const block = task % STRETCH, bg = task / STRETCH, b = bg / args.groups, g = bg % args.groups;
  const first = (args.stretch * STRETCH + block) * BLOCK, count = min(BLOCK, args.length - first), half = <usize>args.padded << 2;
  for (let t = 0; t < count; t++) {
    const from = args.partials + <usize>(bg * args.parts) * partialBytes(args) + 2 * half * (block * BLOCK + t);
    const to = <usize>(((b * args.length + first + t) * args.groups + g) * args.state) << 2;
    if (!args.constantB) addRows(args, from, args.dB + to);
    if (!args.constantC) addRows(args, from + half, args.dC + to);
  }
}

function addRows(args: Args, from: usize, to: usize): void {
  const part = partialBytes(args);
  for (let n = 0; n < args.state; n += 4, from += 16, to += 16) {
    let total = v128.load(from);
    for (let i = 1; i < args.parts; i++) total = f32x4.add(total, v128.load(from + <usize>i * part));
    storeSome(to, total, args.state - n);
  }
}

/** 6. Gradients that sum over tokens and sequences, and those of initial states. Tasks: slices. */
export function closeSlice(args: Args, task: i32, scratch: usize): void {
  const s = changetype<Slice>(scratch), between = <usize>(args.groups * args.slices) * args.recordBytes;
  for (let b = args.batch - 1; b >= 0; b--) {
    place(args, b, task, s);
    const at = <usize>((b * args.width + s.channel) * args.state) << 2;
    if (args.dinitialState) scatter(args.dinitialState + at, args.state, s.channels, s.walk + 16, WALK);
    // On the way to the first sequence its record takes up what the others have summed.
    if (b + 1 < args.batch) addFloats(s.walk + between, s.walk, args.recordBytes);
  }
  const at = <usize>(s.channel * args.state) << 2, channel = <usize>s.channel << 2;
  scatter(args.dA + at, args.state, s.channels, s.walk + 32, WALK);
  if (args.constantB) scatter(args.dB + at, args.state, s.channels, s.dB, 16);
  if (args.constantC) scatter(args.dC + at, args.state, s.channels, s.dC, 16);
  if (args.dD) storeSome(args.dD + channel, v128.load(s.sums), s.channels);
  if (args.ddeltaBias) storeSome(args.ddeltaBias + channel, v128.load(s.sums, 16), s.channels);
}

function addFloats(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
}
