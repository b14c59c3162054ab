/** Words of 4 bytes, in the order of `fields` in tiled.wasm.ts. Tensors are byte addresses, 0 for an absent one. */
@unmanaged
export class Args {
  Q: usize; K: usize; V: usize; dY: usize;
  dQ: usize; dK: usize; dV: usize; Y: usize;
  batch: i32; length: i32; context: i32; heads: i32; groups: i32; headDim: i32; headDimV: i32;
  scale: f32;
  /** scale log2(e): scores in octaves */
  octaves: f32;
  /** The first key that each query sees and the end of its keys, (batch length). */
  firsts: usize; ends: usize;
  /** [batch][group][block of keys]: columns of K and of V, [channel][BLOCK], then rows of K and of V. */
  packs: usize;
  /** Of each query of each head, (batch heads length): the reference of its weights in octaves, what makes weights of their powers, D. */
  references: usize; factors: usize; products: usize;
  /** Which segment of queries each segment of keys meets: `index` places on. */
  round: i32;
}

/** Queries and keys of a block: rows in sixes, columns in eights. */
export const BLOCK: i32 = 48;
/** Bytes of a row of a block of scores, or of a column of a block's queries or keys. */
export const LINE: usize = 192;
/** Queries and keys of a segment. */
export const SEGMENT: i32 = 8 * BLOCK;

/** Bytes of a row of so many channels, in eights. */
// @ts-ignore: decorator
@inline
export function rowBytes(channels: i32): usize {
  return <usize>((channels + 7) & ~7) << 2;
}

// @ts-ignore: decorator
@inline
export function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

// @ts-ignore: decorator
@inline
export function packBytes(args: Args): usize {
  return LINE * (args.headDim + args.headDimV) + <usize>BLOCK * (rowBytes(args.headDim) + rowBytes(args.headDimV));
}

/** Columns of a block of keys. */
// @ts-ignore: decorator
@inline
export function packOf(args: Args, b: i32, g: i32, block: i32): usize {
  return args.packs + <usize>((b * args.groups + g) * ceilDiv(args.context, BLOCK) + block) * packBytes(args);
}
// @ts-ignore: decorator
@inline
export function columnsOfV(args: Args, pack: usize): usize {
  return pack + LINE * args.headDim;
}
// @ts-ignore: decorator
@inline
export function rowsOfK(args: Args, pack: usize): usize {
  return columnsOfV(args, pack) + LINE * args.headDimV;
}
// @ts-ignore: decorator
@inline
export function rowsOfV(args: Args, pack: usize): usize {
  return rowsOfK(args, pack) + <usize>BLOCK * rowBytes(args.headDim);
}

/** Where a thread keeps what it works on. */
@unmanaged
export class Places {
  /** Queries and their dY, columns and rows. */
  columnsQ: usize; columnsDY: usize; Q: usize; dY: usize;
  dQ: usize;
  /** Blocks [query][key], and one of them with rows and columns exchanged. */
  P: usize; dS: usize; turned: usize;
  /** Of the segment's keys, rows; O of a block's queries lies there too, in the forward pass. */
  dK: usize; dV: usize;
  /** Lanes of the sums of weights of each query, and references. */
  sums: usize; references: usize;
  /** What queries see of keys, and keys of queries: first and end of each. */
  seen: usize; seeing: usize;
  /** Eight ones. */
  ones: usize;
}
const PLACES: usize = 64;

export function placesIn(args: Args, scratch: usize): Places {
  const p = changetype<Places>(scratch), ofKeys = rowBytes(args.headDim), ofValues = rowBytes(args.headDimV), block = <usize>BLOCK;
  p.columnsQ = scratch + PLACES;
  p.columnsDY = p.columnsQ + LINE * args.headDim;
  p.Q = p.columnsDY + LINE * args.headDimV;
  p.dY = p.Q + block * ofKeys;
  p.dQ = p.dY + block * ofValues;
  p.P = p.dQ + block * ofKeys;
  p.dS = p.P + block * LINE;
  p.turned = p.dS + block * LINE;
  p.dK = p.turned + block * LINE;
  p.dV = p.dK + <usize>SEGMENT * ofKeys;
  p.sums = p.dV + <usize>SEGMENT * ofValues;
  p.references = p.sums + 16 * block;
  p.seen = p.references + LINE;
  p.seeing = p.seen + 2 * LINE;
  p.ones = p.seeing + 2 * LINE;
  for (let i: usize = 0; i < 32; i += 4) store<f32>(p.ones + i, 1);
  return p;
}

/**
 * What queries from t0 on see of the keys of a block from s0 on: of each its keys [first, end) counted from s0, to `seen`.
 * @returns 0 where none sees any, 2 where all see all
 */
export function look(args: Args, b: i32, t0: i32, s0: i32, seen: usize): i32 {
  const row = <usize>(b * args.length + t0) << 2, count = min(BLOCK, args.length - t0), last = <usize>(BLOCK - 1) << 2;
  const whole = count == BLOCK && load<i32>(args.firsts + row + last) <= s0 && load<i32>(args.ends + row) >= s0 + BLOCK;
  let any = 0;
  for (let i = 0; i < BLOCK; i++) {
    let first = 0, end = whole ? BLOCK : 0;
    if (!whole && i < count) {
      first = max(load<i32>(args.firsts + row + (<usize>i << 2)) - s0, 0);
      end = min(load<i32>(args.ends + row + (<usize>i << 2)) - s0, BLOCK);
      if (first >= end) { first = 0; end = 0; }
    }
    any |= end;
    store<i32>(seen + (<usize>i << 2), first);
    store<i32>(seen + LINE + (<usize>i << 2), end);
  }
  return whole ? 2 : any ? 1 : 0;
}

/** The same from the keys: of each its queries, to `seeing`. Neither end falls from one query that sees keys to the next. */
export function lookBack(seen: usize, seeing: usize): void {
  memory.fill(seeing, 0, 2 * LINE);
  let reached = 0, left = BLOCK;
  for (let i = 0; i < BLOCK; i++) {
    const at = seen + (<usize>i << 2), end = load<i32>(at + LINE);
    for (reached = max(reached, load<i32>(at)); reached < end; reached++) store<i32>(seeing + (<usize>reached << 2), i);
  }
  for (let i = BLOCK - 1; i >= 0; i--) {
    const at = seen + (<usize>i << 2), first = load<i32>(at), end = load<i32>(at + LINE);
    if (first == end) continue;
    for (let s = first; s < min(left, end); s++) store<i32>(seeing + LINE + (<usize>s << 2), i + 1);
    left = min(left, first);
  }
}

/** Whether one of six queries sees a key. */
// @ts-ignore: decorator
@inline
export function sixSee(seen: usize): bool {
  const ends = v128.or(v128.load(seen + LINE), v128.load64_zero(seen + LINE + 16));
  return v128.any_true(ends);
}
