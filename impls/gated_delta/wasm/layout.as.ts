// The argument block that arguments.ts writes, and what both forms do with a head's state.

/** Words of 4 bytes, in the order of `fields` in arguments.ts. Tensors are byte addresses, 0 for an absent input. */
@unmanaged
export class Args {
  Q: usize; K: usize; V: usize; logA: usize; beta: usize; initialState: usize;
  Y: usize; finalState: usize;
  length: i32; heads: i32; groups: i32; headDim: i32; state: i32;
  /** Whether each key channel has a decay of its own. */
  channelDecays: i32;
  chunk: i32;
  /** Four times what multiplies queries, f32. */
  factor: usize;
}

/** Rows of a tile: gemm.as.ts. A head's state lies as [slice][n, padded to a tile][8], so that its channels are lanes. */
export const ROWS: i32 = 6;

// @ts-ignore: decorator
@inline
export function sliceBytes(args: Args): usize {
  return <usize>((args.state + ROWS - 1) / ROWS * ROWS) << 5;
}

/** Between (h p n) in memory and the head's state; what fills tiles and vectors is zero. */
export function moveState(args: Args, head: i32, tensor: usize, S: usize, into: bool): void {
  const size = sliceBytes(args);
  let at = tensor + (<usize>(head * args.headDim) * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let place = S + <usize>(p >> 3) * size + ((p & 7) << 2);
    for (let n = 0; n < args.state; n++, at += 4, place += 32) {
      if (into) store<f32>(place, load<f32>(at));
      else store<f32>(at, load<f32>(place));
    }
  }
}

export function firstState(args: Args, head: i32, S: usize): void {
  memory.fill(S, 0, <usize>((args.headDim + 7) >> 3) * sliceBytes(args));
  if (args.initialState) moveState(args, head, args.initialState, S, true);
}

/** Where row `token` of Q or K begins, for a head. */
// @ts-ignore: decorator
@inline
export function rowOf(args: Args, tensor: usize, token: i32, h: i32): usize {
  return tensor + (<usize>(token * args.groups + h / (args.heads / args.groups)) * args.state << 2);
}
