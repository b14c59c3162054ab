// The random inputs of ../../random.ts, bit for bit: u32 arithmetic, then values that are exact in f32.

@unmanaged
class Args {
  to: usize;
  /** The first row of those to write; `to` is its place. */
  row0: i32;
  rows: i32; cols: i32; k0: u32; k1: u32;
  /** Index in `distributions` of cpu/layout-inputs.ts. */
  kind: i32;
  /** Size of the last axis. */
  last: i32;
  rowsPerTask: i32;
}

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x ^= x >>> 16;
  x *= 0x21f0aaad;
  x ^= x >>> 15;
  x *= 0xd35a2d97;
  return x ^ (x >>> 15);
}

/** A whole power of two, 2^e for -126 <= e <= 127. */
// @ts-ignore: decorator
@inline
function power(e: i32): f32 {
  return reinterpret<f32>((e + 127) << 23);
}

// @ts-ignore: decorator
@inline
function magnitude(h: u32): f32 {
  const odd: u32 = ((h >>> 9) << 1) | 1;
  return <f32>odd * power(-24);
}

// @ts-ignore: decorator
@inline
function rate(channel: i32): i32 {
  // the order 5, 1, 3, 0, 4, 2, 6, 7, one hex digit each
  return (0x76240315 >>> ((channel & 7) << 2)) & 15;
}

/** Equal weights stand 61 columns apart. */
// @ts-ignore: decorator
@inline
function weightColumn(col: i32, last: i32): i32 {
  return (col / last) * 61 + (col % last) % 61;
}

function weightScale(last: i32): f32 {
  let halvings = 0;
  while (1 << (2 * halvings) < last) halvings++;
  return power(-halvings);
}

// @ts-ignore: decorator
@inline
function logIndex(place: i32): f32 {
  const octave = 31 - clz(place + 1);
  return 0.6875 * (<f32>octave + <f32>(place + 1) * power(-octave) - 1);
}

export function fill(args: Args, task: i32, scratch: usize): void {
  const row0 = args.row0, cols = args.cols, last = args.last, k0 = args.k0, k1 = args.k1, kind = args.kind;
  const scale = weightScale(last);
  const end = min((task + 1) * args.rowsPerTask, args.rows);
  for (let row = task * args.rowsPerTask; row < end; row++) {
    let to = args.to + ((<usize>row * cols) << 2);
    for (let col = 0; col < cols; col++, to += 4) {
      const place = kind == 7 ? weightColumn(col, last) : col;
      const h = mix(mix(mix(<u32>place + k0) ^ <u32>(row0 + row)) + k1);
      let value: f32 = 0;
      if (kind == 0 || kind == 6) value = h & 7 ? magnitude(h) : -magnitude(h);
      else if (kind == 1) value = h & 1 ? -magnitude(h) : magnitude(h);
      else if (kind == 2) value = h & 1 ? -8 * magnitude(h) : 8 * magnitude(h);
      else if (kind == 3 || kind == 4) value = reinterpret<f32>(0x3a000000 + (h >>> 6));
      if (kind == 4) value = -value * power(4 - 2 * rate(col));
      else if (kind == 5) value = -<f32>(col % last + 1) * power(-2 * rate(col / last));
      else if (kind == 6) {
        const halvings = (col % last) >> (6 + ((col / last) & 7));
        // Two steps: beyond 2^-126 the value itself is a denormal or zero, rounded once as in JavaScript.
        value = halvings > 100 ? value * power(-100) * power(max(100 - halvings, -126)) : value * power(-halvings);
      }
      else if (kind == 7) value = (h & 1 ? -magnitude(h) : magnitude(h)) * scale;
      else if (kind == 8) value = -(2 + <f32>(h >>> 10) * power(-20));
      else if (kind == 9) value = logIndex(col % last);
      store<f32>(to, value);
    }
  }
}
