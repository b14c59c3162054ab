import { flushed, madd, storeTail } from "../../engines/wasm/simd.as";
import { freshTile, tile } from "../../engines/wasm/gemm.as";
import { Args, firstState, moveState, ROWS, rowOf, sliceBytes } from "./layout.as";
import {
  channelRows, endsOf, headRows, keysOf, keysToEnd, keyStride, LANES, matrixBytes, pairsOf, queriesOf, recordBytes, startsOf,
} from "./pairs.as";
// Exported, so that binaryen does not inline them where V8 would spill their sums (gemm.as.ts).
export { freshTile, tile, threeFreshRows, threeRows } from "../../engines/wasm/gemm.as";

// Chunk after chunk of a head: products of pairs, what the state gives each key and query, a triangular system, the state behind.

/** Chunks between two looks for small states. */
const FLUSH_EVERY: i32 = 5;

/** Tasks: (sequence, head). Scratch: the state, a chunk's record (pairs.as.ts), then three matrices of a slice and one factor. */
export function chunks(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, slices = (args.headDim + 7) >> 3, size = sliceBytes(args);
  const record = scratch + <usize>slices * size, room = record + recordBytes(args);
  firstState(args, task, scratch);
  for (let t = 0, c = 1; t < args.length; t += args.chunk, c++) {
    const row = b * args.length + t, count = min(args.chunk, args.length - t);
    if (args.channelDecays) channelRows(args, row, h, count, record);
    else headRows(args, row, h, count, record);
    for (let slice = 0; slice < slices; slice++) {
      const S = scratch + <usize>slice * size;
      oneSlice(args, row, h, slice << 3, count, S, record, room);
      if (c % FLUSH_EVERY == 0) for (let n: usize = 0; n < size; n += 16) v128.store(S + n, flushed(v128.load(S + n)));
    }
  }
  moveState(args, task, args.finalState, scratch, false);
}

function oneSlice(args: Args, row: i32, h: i32, p0: i32, count: i32, S: usize, record: usize, predicted: usize): void {
  const given = predicted + (<usize>LANES << 5), added = given + (<usize>LANES << 5), decay = added + (<usize>LANES << 5);
  for (let t: usize = 0; t < <usize>count; t += ROWS) {
    freshTile(keysOf(args, record) + (t << 2), LANES << 2, S, 32, args.state, predicted + (t << 5), 32);
    freshTile(queriesOf(args, record) + (t << 2), LANES << 2, S, 32, args.state, given + (t << 5), 32);
  }
  solve(args, row, h, p0, count, record, predicted, given, added);
  const keys = keysToEnd(args, record, row, h), stride = keyStride(args), rows = (args.state + ROWS - 1) / ROWS * ROWS;
  v128.store(decay, v128.load32_splat(startsOf(args, record) + (<usize>(count - 1) << 2)));
  v128.store(decay, v128.load(decay), 16);
  if (args.channelDecays) {
    // the last column of the decays so far: one for each row
    let by = keys + <usize>args.chunk * stride;
    for (let n = 0, s = S; n < args.state; n++, s += 32, by += 4) {
      const a = v128.load32_splat(by);
      v128.store(s, f32x4.mul(a, v128.load(s))); v128.store(s, f32x4.mul(a, v128.load(s, 16)), 16);
    }
  }
  for (let n = 0; n < rows; n += ROWS) tile(keys + (<usize>n << 2), stride, added, 32, count, S + (<usize>n << 5), 32, decay);
}

/**
 * u = beta (v - predicted - earlier ones by their products with the key), y = given + earlier ones and its own by those with the query.
 * `added` is u by its weight in the state; `predicted` becomes u.
 */
export function solve(
  args: Args, row: i32, h: i32, p0: i32, count: i32, record: usize, predicted: usize, given: usize, added: usize,
): void {
  const starts = startsOf(args, record), ends = endsOf(args, record), factor = v128.load(args.factor), width = args.headDim - p0;
  for (let t = 0; t < count; t++) {
    const place = <usize>t << 5, token = <usize>((row + t) * args.heads + h), at = (token * args.headDim + p0) << 2;
    const start = v128.load32_splat(starts + (<usize>t << 2)), read = f32x4.mul(factor, start), minus = f32x4.neg(start);
    let u0 = madd(minus, v128.load(predicted + place), v128.load(args.V + at));
    let u1 = madd(minus, v128.load(predicted + place, 16), v128.load(args.V + at, 16));
    let y0 = f32x4.mul(read, v128.load(given + place)), y1 = f32x4.mul(read, v128.load(given + place, 16));
    let pair = pairsOf(args, record) + (<usize>(t * LANES) << 2), U = predicted;
    for (let s = 0; s < t; s++, pair += 4, U += 32) {
      const key = f32x4.neg(v128.load32_splat(pair)), query = v128.load32_splat(pair + matrixBytes());
      const v0 = v128.load(U), v1 = v128.load(U, 16);
      u0 = madd(key, v0, u0); u1 = madd(key, v1, u1);
      y0 = madd(query, v0, y0); y1 = madd(query, v1, y1);
    }
    const beta = v128.load32_splat(args.beta + (token << 2)), own = v128.load32_splat(pair + matrixBytes());
    const weight = v128.load32_splat(ends + (<usize>t << 2));
    u0 = f32x4.mul(beta, u0); u1 = f32x4.mul(beta, u1);
    v128.store(predicted + place, u0); v128.store(predicted + place, u1, 16);
    v128.store(added + place, f32x4.mul(weight, u0)); v128.store(added + place, f32x4.mul(weight, u1), 16);
    storeSome(args.Y + at, madd(own, u0, y0), width);
    if (width > 4) storeSome(args.Y + at + 16, madd(own, u1, y1), width - 4);
  }
}

function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}
