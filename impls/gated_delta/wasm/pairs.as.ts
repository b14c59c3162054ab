import { exp } from "../../engines/wasm/exp.as";
import { madd, sums } from "../../engines/wasm/simd.as";
import { freshTile } from "../../engines/wasm/gemm.as";
import { Args, ROWS, rowOf } from "./layout.as";

// What a chunk of one head gives all of its channels. Decays are multiplied token after token, so that no factor is larger than 1 and none
// is divided by.

/** Tokens of a chunk at most, and columns of its matrices. */
export const LANES: i32 = 16;

// A record: products of keys with earlier keys and of queries with keys, at [t][s]; decays from the start and to the end of the chunk (1
// where rows have them already); keys and queries as [n][t]; with a decay a key channel, keys decayed to the end and the decays so far, as
// rows.
// @ts-ignore: decorator
@inline
export function matrixBytes(): usize { return <usize>(LANES * LANES) << 2; }
// @ts-ignore: decorator
@inline
export function pairsOf(args: Args, record: usize): usize { return record; }
// @ts-ignore: decorator
@inline
export function startsOf(args: Args, record: usize): usize { return record + 2 * matrixBytes(); }
// @ts-ignore: decorator
@inline
export function endsOf(args: Args, record: usize): usize { return startsOf(args, record) + (LANES << 2); }
// @ts-ignore: decorator
@inline
export function keysOf(args: Args, record: usize): usize { return endsOf(args, record) + (LANES << 2); }
// @ts-ignore: decorator
@inline
export function queriesOf(args: Args, record: usize): usize { return keysOf(args, record) + (<usize>(args.state * LANES) << 2); }
// @ts-ignore: decorator
@inline
function rowsOf(args: Args, record: usize): usize { return queriesOf(args, record) + (<usize>(args.state * LANES) << 2); }
// @ts-ignore: decorator
@inline
function rowBytes(args: Args): usize { return <usize>((args.state + 7) & ~7) << 2; }

export function recordBytes(args: Args): usize {
  return rowsOf(args, 0) + (args.channelDecays ? <usize>(args.chunk + 1) * rowBytes(args) + 32 : 0);
}

/** Rows of keys as they enter the state. */
export function keysToEnd(args: Args, record: usize, row: i32, h: i32): usize {
  return args.channelDecays ? rowsOf(args, record) : rowOf(args, args.K, row, h);
}

export function keyStride(args: Args): usize {
  return args.channelDecays ? rowBytes(args) : <usize>(args.groups * args.state) << 2;
}

/** Rows as columns, zeros behind the last. */
function turned(args: Args, from: usize, count: i32, to: usize): void {
  const stride = <usize>(args.groups * args.state) << 2;
  memory.fill(to, 0, <usize>(args.state * LANES) << 2);
  for (let t = 0; t < count; t++, from += stride)
    for (let n = 0; n < args.state; n++) store<f32>(to + (<usize>(n * LANES + t) << 2), load<f32>(from + (<usize>n << 2)));
}

/** One decay a token. */
export function headRows(args: Args, row: i32, h: i32, count: i32, record: usize): void {
  const keys = keysOf(args, record), queries = queriesOf(args, record), pairs = pairsOf(args, record), ends = endsOf(args, record);
  turned(args, rowOf(args, args.K, row, h), count, keys);
  turned(args, rowOf(args, args.Q, row, h), count, queries);
  for (let t = 0; t < count; t += ROWS)
    for (let s = 0; s < min(t + ROWS, count); s += 8) {
      const to = pairs + (<usize>(t * LANES + s) << 2), a = <usize>t << 2, b = keys + (<usize>s << 2);
      freshTile(keys + a, LANES << 2, b, LANES << 2, args.state, to, LANES << 2);
      freshTile(queries + a, LANES << 2, b, LANES << 2, args.state, to + matrixBytes(), LANES << 2);
    }
  const factor = load<f32>(args.factor);
  let decay: f32 = 1;
  for (let t = 0; t < count; t++) {
    const by = f32x4.extract_lane(exp(v128.load32_splat(args.logA + (<usize>((row + t) * args.heads + h) << 2))), 0);
    decay *= by;
    store<f32>(startsOf(args, record) + (<usize>t << 2), decay);
    store<f32>(ends + (<usize>t << 2), 1);
    for (let s = 0; s <= t; s++) {
      const end = ends + (<usize>s << 2), pair = pairs + (<usize>(t * LANES + s) << 2);
      if (s < t) store<f32>(end, by * load<f32>(end));
      store<f32>(pair, load<f32>(end) * load<f32>(pair));
      store<f32>(pair + matrixBytes(), factor * load<f32>(end) * load<f32>(pair + matrixBytes()));
    }
  }
}

/** One decay a key channel: keys decay token after token, and meet each token's key and query as they are then. */
export function channelRows(args: Args, row: i32, h: i32, count: i32, record: usize): void {
  const keys = keysOf(args, record), queries = queriesOf(args, record), rows = rowsOf(args, record), bytes = rowBytes(args);
  const so = rows + <usize>args.chunk * bytes, factor = load<f32>(args.factor), width = <usize>args.state << 2;
  memory.fill(rows, 0, <usize>(args.chunk + 1) * bytes);
  memory.fill(keys, 0, <usize>(args.state * LANES) << 3);
  for (let n: usize = 0; n < width; n += 4) store<f32>(so + n, 1);
  for (let t = 0; t < count; t++) {
    const logs = args.logA + (<usize>((row + t) * args.heads + h) * args.state << 2), place = <usize>t << 2;
    const k = rowOf(args, args.K, row + t, h), q = rowOf(args, args.Q, row + t, h), own = rows + <usize>t * bytes;
    store<f32>(startsOf(args, record) + place, 1);
    store<f32>(endsOf(args, record) + place, 1);
    memory.copy(own, k, width);
    for (let n: usize = 0; n < width; n += 16) {
      const decay = exp(v128.load(logs + n));
      v128.store(so + n, f32x4.mul(decay, v128.load(so + n)));
      for (let s = rows; s < own; s += bytes) v128.store(s + n, f32x4.mul(decay, v128.load(s + n)));
    }
    for (let n: usize = 0; n < width; n += 4) {
      const at = <usize>(n * LANES) + place, a = load<f32>(so + n);
      store<f32>(keys + at, a * load<f32>(k + n));
      store<f32>(queries + at, a * load<f32>(q + n));
    }
    let pair = pairsOf(args, record) + (<usize>(t * LANES) << 2);
    for (let s = rows; s <= own; s += bytes, pair += 4) {
      store<f32>(pair, product(k, s, args.state));
      store<f32>(pair + matrixBytes(), factor * product(q, s, args.state));
    }
  }
}

function product(a: usize, b: usize, count: i32): f32 {
  let four = i32x4.splat(0), rest: f32 = 0, n = count;
  for (; n >= 4; n -= 4, a += 16, b += 16) four = madd(v128.load(a), v128.load(b), four);
  for (; n > 0; n--, a += 4, b += 4) rest += load<f32>(a) * load<f32>(b);
  return rest + f32x4.extract_lane(sums(four, four, four, four), 0);
}
