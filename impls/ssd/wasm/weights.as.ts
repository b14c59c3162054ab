import { exp } from "../../engines/wasm/exp.as";
import { Args, ROWS } from "./layout.as";

// A chunk of one head keeps a record: per tile i the weights M[s][8 rows] = (C_q . B_s) exp(segment sum) dt_s for s up to the tile's
// end, then decays from the chunk's start [tiles][8], weights of the tokens in the chunk's state [tiles][8], and the chunk's whole
// decay eight times.

// @ts-ignore: decorator
@inline
export function weightBytes(tiles: i32): usize {
  return <usize>(tiles * (tiles + 1) * 96);
}

/** Bytes of a record whose chunk has `args.chunk` tokens. */
export function recordBytes(args: Args): usize {
  const tiles = (args.chunk + ROWS - 1) / ROWS;
  return weightBytes(tiles) + <usize>(tiles * 64 + 32);
}

// Rows 0 to 4 of a 6 x 8 identity, and row 5 with ones behind it: the products over no tokens.
const ones = memory.data<f32>([
  1, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 0, 0, 0, 0, 0,
  0, 0, 1, 0, 0, 0, 0, 0,
  0, 0, 0, 1, 0, 0, 0, 0,
  0, 0, 0, 0, 1, 0, 0, 0,
  0, 0, 0, 0, 0, 1, 1, 1,
], 16);

/** The diagonal of the weights of one head in one chunk, where a token weighs otherwise in its own output than in later ones. */
export function ownWeights(args: Args, at: usize, count: i32, G: usize, record: usize): void {
  const own = args.own + (at << 2), step = <usize>args.heads << 2;
  for (let s = 0; s < count; s++) {
    const i = s / ROWS, place = <usize>(i * (i + 1) * 96 + s * 32 + (s % ROWS) * 4);
    store<f32>(record + place, load<f32>(own + <usize>s * step) * load<f32>(G + place));
  }
}

/** True where no token of a chunk grows: then products of decays cannot overflow on the way, and may stand for sums of logarithms. */
function onlyDecays(logA: usize, step: usize, count: i32): bool {
  let yes = true;
  for (let t = 0; t < count; t++, logA += step) yes = yes && load<f32>(logA) <= 0;
  return yes;
}

/**
 * The weights of one head in one chunk as in headWeights, from one exponential a token and products over segments, as the recurrence
 * makes them: an exponential a pair would cost more than the pair's product with X.
 */
function productWeights(
  args: Args, at: usize, count: i32, G: usize, base: usize, local: usize, record: usize, decays: usize, inState: usize,
): void {
  const tiles = (count + ROWS - 1) / ROWS, step = <usize>args.heads << 2;
  const logA = args.logA + (at << 2), dt = args.dt + (at << 2);
  let to = record, before: f32 = 1, sum: f32 = 0;
  for (let i = 0; i < tiles; i++) {
    const s0 = i * ROWS, rows = min(count - s0, ROWS);
    for (let q = 0; q < 8; q++) {
      const l: f32 = q < rows ? load<f32>(logA + <usize>(s0 + q) * step) : 0;
      sum += l;
      store<f32>(local + (q << 2), l);
    }
    // the last of eight places holds no row: there the sum so far
    store<f32>(local + 28, sum);
    v128.store(local, exp(v128.load(local)));
    v128.store(local, exp(v128.load(local, 16)), 16);
    // From the tile's last row up: a row is the next one times the next decay.
    const m = to + <usize>s0 * 32, g = G + <usize>s0 * 32;
    let r0 = i32x4.splat(0), r1 = r0;
    for (let s = ROWS - 1; s >= 0; s--) {
      if (s < ROWS - 1) {
        const a = v128.load32_splat(local + (<usize>(s + 1) << 2));
        r0 = f32x4.mul(a, r0); r1 = f32x4.mul(a, r1);
      }
      const place = <usize>s << 5;
      r0 = f32x4.add(r0, v128.load(ones + place)); r1 = f32x4.add(r1, v128.load(ones + place, 16));
      const w = f32x4.splat(args.dt && s < rows ? load<f32>(dt + <usize>(s0 + s) * step) : 1);
      v128.store(m + place, f32x4.mul(f32x4.mul(r0, w), v128.load(g + place)));
      v128.store(m + place, f32x4.mul(f32x4.mul(r1, w), v128.load(g + place, 16)), 16);
      store<f32>(base + (<usize>(s0 + s) << 2), f32x4.extract_lane(r1, 3));
    }
    const a = v128.load32_splat(local), pre0 = f32x4.mul(a, r0), pre1 = f32x4.mul(a, r1), whole = f32x4.extract_lane(pre1, 3);
    for (let s = 0; s < s0; s++, to += 32, G += 32) {
      const rest = load<f32>(base + (s << 2));
      const w = f32x4.splat(args.dt ? rest * load<f32>(dt + <usize>s * step) : rest);
      v128.store(to, f32x4.mul(f32x4.mul(pre0, w), v128.load(G)));
      v128.store(to, f32x4.mul(f32x4.mul(pre1, w), v128.load(G, 16)), 16);
      store<f32>(base + (s << 2), rest * whole);
    }
    to += 192; G += 192;
    const b = f32x4.splat(before);
    v128.store(decays + (i << 5), f32x4.mul(b, pre0)); v128.store(decays + (i << 5), f32x4.mul(b, pre1), 16);
    before *= whole;
  }
  for (let s = 0; s < tiles * ROWS; s++) {
    const rest = load<f32>(base + (s << 2));
    store<f32>(inState + (s << 2), s >= count ? 0 : args.dt ? rest * load<f32>(dt + <usize>s * step) : rest);
  }
  // What passes from chunk to chunk is the exponential of a sum, not the product of exponentials: these err the same way for equal
  // decays, and a state that remembers thousands of tokens would add that up.
  const all = v128.load32_splat(local + 28);
  v128.store(inState + <usize>tiles * 32, all); v128.store(inState + <usize>tiles * 32, all, 16);
}

/** 2. Decays of one head in one chunk, applied to the scores. */
export function headWeights(args: Args, at: usize, count: i32, G: usize, base: usize, local: usize, record: usize): void {
  const tiles = (count + ROWS - 1) / ROWS;
  const step = <usize>args.heads << 2;
  const logA = args.logA + (at << 2), dt = args.dt + (at << 2);
  const decays = record + weightBytes(tiles), inState = decays + <usize>tiles * 32;
  if (onlyDecays(logA, step, count)) return productWeights(args, at, count, G, base, local, record, decays, inState);
  const sumsOf = local, pre = local + 192;
  let to = record;
  let before: f32 = 0; // sum of the log decays from the chunk's start to the tile
  for (let i = 0; i < tiles; i++) {
    const s0 = i * ROWS, rows = min(count - s0, ROWS);
    // segsum, not differences of running sums: those cancel (paper listing 1). sumsOf[s][q] = sum over s < k <= q.
    let whole: f32 = 0;
    for (let q = 0; q < 8; q++) {
      const l: f32 = q < rows ? load<f32>(logA + <usize>(s0 + q) * step) : 0;
      whole += l;
      store<f32>(pre + (q << 2), whole);
      for (let s = 0; s < q && s < ROWS; s++) {
        const up = sumsOf + (s << 5) + (q << 2);
        store<f32>(up, (q - 1 > s ? load<f32>(up - 4) : 0) + l);
      }
      if (q < ROWS) for (let r = 0; r <= q; r++) store<f32>(sumsOf + (q << 5) + (r << 2), 0);
    }
    const pre0 = v128.load(pre), pre1 = v128.load(pre, 16);
    for (let s = 0; s < s0; s++, to += 32, G += 32) {
      const sum = load<f32>(base + (s << 2));
      const w = f32x4.splat(args.dt ? load<f32>(dt + <usize>s * step) : 1);
      const sum4 = f32x4.splat(sum);
      v128.store(to, f32x4.mul(f32x4.mul(exp(f32x4.add(sum4, pre0)), w), v128.load(G)));
      v128.store(to, f32x4.mul(f32x4.mul(exp(f32x4.add(sum4, pre1)), w), v128.load(G, 16)), 16);
      store<f32>(base + (s << 2), sum + whole);
    }
    for (let s = 0; s < ROWS; s++, to += 32, G += 32) {
      const w = f32x4.splat(args.dt && s < rows ? load<f32>(dt + <usize>(s0 + s) * step) : 1);
      const sum = sumsOf + (s << 5);
      v128.store(to, f32x4.mul(f32x4.mul(exp(v128.load(sum)), w), v128.load(G)));
      v128.store(to, f32x4.mul(f32x4.mul(exp(v128.load(sum, 16)), w), v128.load(G, 16)), 16);
      store<f32>(base + <usize>((s0 + s) << 2), load<f32>(sum + 28));
    }
    const before4 = f32x4.splat(before);
    v128.store(decays + (i << 5), exp(f32x4.add(before4, pre0)));
    v128.store(decays + (i << 5), exp(f32x4.add(before4, pre1)), 16);
    before += whole;
  }
  for (let s = 0; s < tiles * ROWS; s += 4) v128.store(inState + (s << 2), exp(v128.load(base + (s << 2))));
  for (let s = 0; s < tiles * ROWS; s++) {
    const w = inState + (s << 2);
    if (s >= count) store<f32>(w, 0);
    else if (args.dt) store<f32>(w, load<f32>(w) * load<f32>(dt + <usize>s * step));
  }
  const all = exp(f32x4.splat(before));
  v128.store(inState + <usize>tiles * 32, all);
  v128.store(inState + <usize>tiles * 32, all, 16);
}
