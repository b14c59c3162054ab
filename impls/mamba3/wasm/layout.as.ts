// The argument block that arguments.ts writes.

/** Words of 4 bytes, in the order of `fields` in arguments.ts. Tensors and scratch are byte addresses, 0 for an absent input. */
@unmanaged
export class Args {
  Q: usize; K: usize; V: usize; logA: usize;
  dt: usize; trap: usize; angles: usize; biasQ: usize; biasK: usize;
  D: usize; z: usize;
  initialAngles: usize; initialState: usize; initialK: usize; initialV: usize;
  Y: usize; finalAngles: usize; finalState: usize; finalK: usize; finalV: usize;
  length: i32; heads: i32; groups: i32; headDim: i32; state: i32; pairs: i32;
  /** What this dispatch works on: sequences from `first` on, tokens from `start` on. */
  first: i32; start: i32; tokens: i32;
  /** Turned queries and keys of the dispatch's tokens, (sequence token head state). */
  turnedQ: usize; turnedK: usize;
  /** Weights of the trapezoid (b t h): of a token in its own output, and in all later ones. */
  own: usize; later: usize;
  /** Angles in turns so far, f64, padded to four a head. */
  turns: usize;
  /** The state before the first token, with what that will add of the token before it. */
  firstState: usize;
  /** D of every channel. */
  wideD: usize;
}

/** Where the sums of a head's angles lie. */
// @ts-ignore: decorator
@inline
export function turnsOf(args: Args, b: i32, h: i32): usize {
  return args.turns + <usize>((b * args.heads + h) * ((args.pairs + 3) >> 2)) * 32;
}
