import { softplus } from "../../engines/wasm/exp.as";

/** Words of 4 bytes, in the order of `fields` in recurrent.wasm.ts. Tensors are byte addresses, 0 for an absent input. */
@unmanaged
export class Args {
  u: usize; delta: usize; A: usize; B: usize; C: usize; D: usize; z: usize; deltaBias: usize; initialState: usize;
  Y: usize; finalState: usize;
  length: i32;
  /** Channels: heads x headDim. */
  width: i32;
  groups: i32; state: i32;
  softplus: i32; constantB: i32; constantC: i32;
  /** Slices of eight channels a group. */
  slices: i32;
  /** Slices, or channels of the decode step, a task takes. */
  span: i32;
  /** Ids of the documents of the tokens, (batch length). */
  documents: usize;
}

/** Whether a document begins with token t of a sequence: then nothing from before reaches it. */
export function anew(args: Args, b: i32, t: i32): bool {
  const id = args.documents + (<usize>(b * args.length + t) << 2);
  return t ? load<f32>(id) != load<f32>(id - 4) : load<f32>(id) != 0;
}

/** The time step of four channels; `channel` is the byte offset of the first. */
// @ts-ignore: decorator
@inline
export function step(args: Args, delta: v128, channel: usize): v128 {
  if (args.deltaBias) delta = f32x4.add(delta, v128.load(args.deltaBias + channel));
  return args.softplus ? softplus(delta) : delta;
}
