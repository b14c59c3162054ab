import { packSix, packTransposed } from "../../engines/wasm/pack.as";
import { madd } from "../../engines/wasm/simd.as";
import { pass } from "./borders.as";
import { DECAY_BYTES, decaysOf, FROM_START, IN_STATE, TO_END, WHOLE } from "./decays.as";
import { finishInputs, finishOutputs, finishSteps } from "./finish.as";
import {
  Args, BLOCK, blocksOf, border, CHUNK, cotangents, deep, deepRow, groupRows, inputRows, PAIR_ROW, partBytes, partsOf, ROWS, stateBytes,
  weighted, wide, wideRow,
} from "./layout.as";
import { Memory, memoryAt, sixBytes } from "./memory.as";
import { laneSums, PAIR_BYTES, pairFlows, pairWeights } from "./pairs.as";
import { addFrom, addUpTo, product } from "./product.as";

// 3. of README.md: all gradients of a block's tokens, from what lies at its two borders. The heads of a group follow one another, so that
// the gradients of its B and C are sums in one order, whoever takes the block.

/** A chunk's rows as [tile][column][six rows]. */
function sixes(from: usize, row: usize, width: i32, to: usize): void {
  for (let r = 0; r < CHUNK; r += ROWS, from += ROWS * row, to += <usize>(ROWS * width) << 2) packSix(from, row, ROWS, width, to);
}

/** Rows as [tile][column][eight rows]; those of a last tile that are not there become zeros. */
function eights(from: usize, row: usize, rows: i32, width: i32, to: usize): void {
  for (; rows > 0; rows -= 8, from += 8 * row, to += <usize>width << 5) packTransposed(from, row, min(rows, 8), width, 1, to);
}

/** Tasks: (batch, group, block). */
export function block(args: Args, task: i32, scratch: usize): void {
  const blocks = blocksOf(args), t = task % blocks * BLOCK, g = task / blocks % args.groups, b = task / blocks / args.groups;
  const count = min(BLOCK, args.length - t), perGroup = args.heads / args.groups;
  const m = memoryAt(args, scratch);
  groupRows(args, args.B, b, g, t, count, m.B);
  groupRows(args, args.C, b, g, t, count, m.C);
  memory.fill(m.dB, 0, BLOCK * deepRow(args));
  memory.fill(m.dC, 0, BLOCK * deepRow(args));
  groupScores(args, count, m);
  for (let h = g * perGroup; h < (g + 1) * perGroup; h++) headGradients(args, b, h, t, count, m);
  storeGroup(args, b, g, t, count, m.dB, args.dB);
  storeGroup(args, b, g, t, count, m.dC, args.dC);
}

function storeGroup(args: Args, b: i32, g: i32, t: i32, count: i32, from: usize, to: usize): void {
  const bytes = <usize>args.state << 2;
  to += ((<usize>b * args.length + t) * args.groups + g) * bytes;
  for (; count > 0; count--, from += deepRow(args), to += args.groups * bytes) memory.copy(to, from, bytes);
}

/** C_t . B_s of all chunks, and B and C as the left sides of products. */
function groupScores(args: Args, count: i32, m: Memory): void {
  const row = deepRow(args), bytes = sixBytes(args.state), tileBytes = <usize>(ROWS * args.state) << 2, columns = <usize>args.state << 5;
  let B = m.B, C = m.C, sixB = m.sixB, sixC = m.sixC, scores = m.scores;
  for (let t = 0; t < count; t += CHUNK) {
    sixes(B, row, args.state, sixB);
    sixes(C, row, args.state, sixC);
    eights(B, row, CHUNK, args.state, m.eight);
    product(sixC, 24, tileBytes, m.eight, 32, columns, args.state, scores, PAIR_ROW, CHUNK);
    B += CHUNK * row; C += CHUNK * row; sixB += bytes; sixC += bytes; scores += PAIR_BYTES;
  }
}

/** The state in front of chunk i of the block at t, of which the first is the border's. */
function stateBefore(args: Args, b: i32, h: i32, t: i32, i: i32, m: Memory): usize {
  return i ? m.states + <usize>(i - 1) * stateBytes(args) : border(args, false, b, h, t / BLOCK);
}

function headGradients(args: Args, b: i32, h: i32, t: i32, count: i32, m: Memory): void {
  const chunks = (count + CHUNK - 1) / CHUNK, parts = partsOf(args, b, t / BLOCK, h), channels = wideRow(args);
  memory.fill(parts, 0, partBytes(args));
  inputRows(args, b, h, t, count, m.X);
  cotangents(args, b, h, t, count, m.dY);
  // 3a. Forward: decays of the chunks, and the states in front of them, made again from the border's.
  for (let i = 0; i < chunks; i++) {
    const own = i * CHUNK, decays = m.decays + <usize>i * DECAY_BYTES;
    decaysOf(args, b, h, t + own, min(CHUNK, count - own), decays);
    if (i + 1 == chunks) break;
    const S = m.states + <usize>i * stateBytes(args);
    memory.copy(S, stateBefore(args, b, h, t, i, m), stateBytes(args));
    weighted(m.X + own * channels, decays + IN_STATE, channels, m.weightedX);
    pass(args, decays, m.weightedX, m.B + own * deepRow(args), S);
  }
  memory.copy(m.gradient, border(args, true, b, h, t / BLOCK + 1), stateBytes(args));
  for (let i = chunks - 1; i >= 0; i--) {
    const own = i * CHUNK, tokens = min(CHUNK, count - own), decays = m.decays + <usize>i * DECAY_BYTES;
    const S = stateBefore(args, b, h, t, i, m);
    chunkGradients(args, b, h, t + own, tokens, i, S, parts, m);
    if (args.Y || args.z) chunkOutputs(args, b, h, t + own, tokens, i, S, m);
    if (!i) break;
    weighted(m.dY + own * channels, decays + FROM_START, channels, m.weightedY);
    pass(args, decays, m.weightedY, m.C + own * deepRow(args), m.gradient);
  }
}

/** Sums over `width` columns of products of two matrices, row by row: what lies behind them in a row may be another head's NaN. */
function rowProducts(x: usize, y: usize, row: usize, width: i32, lanes: usize, to: usize): void {
  for (let i: usize = 0; i < <usize>CHUNK; i++, x += row, y += row) {
    let sum = i32x4.splat(0);
    for (let c: usize = 0; c < <usize>width << 2; c += 16) sum = madd(v128.load(x + c), v128.load(y + c), sum);
    v128.store(lanes + (i << 4), sum);
  }
  laneSums(lanes, to);
}

/** to <- to + weight from, row by row. */
function addWeighted(from: usize, weights: usize, row: usize, to: usize): void {
  for (let i = 0; i < CHUNK; i++, weights += 4) {
    const weight = v128.load32_splat(weights);
    for (const end = from + row; from < end; from += 16, to += 16) v128.store(to, madd(weight, v128.load(from), v128.load(to)));
  }
}

function addRows(from: usize, row: usize, to: usize): void {
  for (const end = from + CHUNK * row; from < end; from += 16, to += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
}

/** 3b. All gradients of a chunk but that of the state. @param S the state in front of it */
function chunkGradients(args: Args, b: i32, h: i32, t: i32, count: i32, i: i32, S: usize, parts: usize, m: Memory): void {
  const own = <usize>i * CHUNK, columns = deepRow(args), channels = wideRow(args), decays = m.decays + <usize>i * DECAY_BYTES;
  const X = m.X + own * channels, dY = m.dY + own * channels, dB = m.dB + own * columns, dC = m.dC + own * columns;
  const tileX = <usize>(ROWS * args.headDim) << 2, tileB = <usize>(ROWS * args.state) << 2, p = m.pairs;
  sixes(X, channels, args.headDim, m.sixX);
  sixes(dY, channels, args.headDim, m.sixY);
  eights(X, channels, CHUNK, args.headDim, m.eight);
  product(m.sixY, 24, tileX, m.eight, 32, <usize>args.headDim << 5, args.headDim, p.products, PAIR_ROW, CHUNK);
  pairWeights(decays, m.scores + <usize>i * PAIR_BYTES, p);

  // dC_t = fromStart S' dY_t + sum over s <= t of returns B_s
  product(m.sixY, 24, tileX, S, columns, 32, args.headDim, m.fromState, columns, deep(args));
  weighted(m.fromState, decays + FROM_START, columns, m.fromState);
  rowProducts(m.fromState, m.C + own * columns, columns, deep(args), m.lanes, m.out);
  addRows(m.fromState, columns, dC);
  addUpTo(p.returnsSix, m.B + own * columns, columns, dC, columns, deep(args), args.ones);

  // dB_s = toEnd dt R' X_s + sum over t >= s of returns C_t
  product(m.sixX, 24, tileX, m.gradient, columns, 32, args.headDim, m.intoState, columns, deep(args));
  addWeighted(m.intoState, decays + IN_STATE, columns, dB);
  addFrom(p.returns, m.C + own * columns, columns, dB, columns, deep(args), args.ones);

  // dx_s = toEnd R B_s + sum over t >= s of weights dY_t
  eights(m.gradient, columns, args.headDim, args.state, m.turned);
  product(
    m.sixB + <usize>i * sixBytes(args.state), 24, tileB, m.turned, 32, <usize>args.state << 5, args.state, m.fromGradient, channels,
    wide(args),
  );
  weighted(X, decays + IN_STATE, channels, m.weightedX);
  rowProducts(m.fromGradient, m.weightedX, channels, wide(args), m.lanes, m.in);
  weighted(m.fromGradient, decays + TO_END, channels, m.fromGradient);
  addFrom(p.weights, dY, channels, m.fromGradient, channels, wide(args), args.ones);

  logGradients(args, decays, S, m);
  finishInputs(args, b, h, t, count, X, dY, decays, m.fromGradient, parts + 16, m.lanes, m.products);
  finishSteps(args, b, h, t, count, decays, m.products, m.dLog, parts);
}

/**
 * The gradient of each log decay: what flows from before its token to itself and behind it, in the four ways there are. All of them are
 * sums of what flows; nothing is a difference.
 */
function logGradients(args: Args, decays: usize, S: usize, m: Memory): void {
  pairFlows(m.pairs, m.lanes, m.dLog);
  const through = passing(args, decays, S, m.gradient);
  let behind: f32 = 0, before: f32 = 0;
  for (let i = PAIR_ROW; i > 0; ) {
    i -= 4;
    behind += load<f32>(m.out + i);
    store<f32>(m.dLog + i, load<f32>(m.dLog + i) + behind);
  }
  for (let i: usize = 0; i < PAIR_ROW; i += 4) {
    store<f32>(m.dLog + i, load<f32>(m.dLog + i) + (before + through));
    before += load<f32>(m.in + i);
  }
}

/** The state through the whole chunk: what is before it reaches all that is behind it. */
function passing(args: Args, decays: usize, S: usize, R: usize): f32 {
  const whole = load<f32>(decays + WHOLE);
  if (whole == 0) return 0;
  let u = i32x4.splat(0), v = u;
  for (const end = S + args.headDim * deepRow(args); S < end; S += 32, R += 32) {
    u = madd(v128.load(S), v128.load(R), u);
    v = madd(v128.load(S, 16), v128.load(R, 16), v);
  }
  u = f32x4.add(u, v);
  return whole * (f32x4.extract_lane(u, 0) + f32x4.extract_lane(u, 1) + (f32x4.extract_lane(u, 2) + f32x4.extract_lane(u, 3)));
}

/** 3c. The outputs of a chunk, where they or the gradient of the gate are asked for. */
function chunkOutputs(args: Args, b: i32, h: i32, t: i32, count: i32, i: i32, S: usize, m: Memory): void {
  const own = <usize>i * CHUNK, channels = wideRow(args), decays = m.decays + <usize>i * DECAY_BYTES;
  eights(S, deepRow(args), args.headDim, args.state, m.turned);
  product(
    m.sixC + <usize>i * sixBytes(args.state), 24, <usize>(ROWS * args.state) << 2, m.turned, 32, <usize>args.state << 5, args.state,
    m.outputs, channels, wide(args),
  );
  weighted(m.outputs, decays + FROM_START, channels, m.outputs);
  addUpTo(m.pairs.steppedSix, m.X + own * channels, channels, m.outputs, channels, wide(args), args.ones);
  finishOutputs(args, b, h, t, count, m.X + own * channels, m.outputs);
}
