import { DECAY_BYTES } from "./decays.as";
import { Args, BLOCK, CHUNK, CHUNKS, deepRow, PAIR_ROW, stateBytes, wide, wideRow } from "./layout.as";
import { PAIR_BYTES, Pairs } from "./pairs.as";

/** The memory of one thread in step 3; `six` and `eight` are rows with rows and columns exchanged, so many to a tile. */
@unmanaged
export class Memory {
  decays: usize;
  pairs: Pairs;
  scores: usize;
  /** Rows of a block, and the gradients of B and C. */
  B: usize; C: usize; dB: usize; dC: usize; X: usize; dY: usize;
  /** B and C of all chunks. */
  sixB: usize; sixC: usize;
  /** Of a head: the state in front of each chunk but the first, its gradient, and one of both as [eight channels][n]. */
  states: usize; gradient: usize; turned: usize;
  /** Of a chunk. */
  sixX: usize; sixY: usize; eight: usize;
  weightedX: usize; weightedY: usize;
  /** What comes from the states for dC, dB, dX and Y. */
  fromState: usize; intoState: usize; fromGradient: usize; outputs: usize;
  /** A vector for each token, and numbers of the tokens. */
  lanes: usize; out: usize; in: usize; dLog: usize; products: usize;
}

let free: usize = 0;

function taken(bytes: usize): usize {
  const at = free;
  free += (bytes + 63) & ~63;
  return at;
}

/** Bytes of the chunks' rows with rows and columns exchanged. */
// @ts-ignore: decorator
@inline
export function sixBytes(width: i32): usize {
  return <usize>(CHUNK * width) << 2;
}

/** chunked.wasm.ts adds up the same. */
export function memoryAt(args: Args, scratch: usize): Memory {
  free = scratch;
  const m = changetype<Memory>(taken(128)), p = changetype<Pairs>(taken(64));
  m.pairs = p;
  p.products = taken(PAIR_BYTES); p.weights = taken(PAIR_BYTES); p.stepped = taken(PAIR_BYTES); p.returns = taken(PAIR_BYTES);
  p.flows = taken(PAIR_BYTES); p.steppedSix = taken(PAIR_BYTES); p.returnsSix = taken(PAIR_BYTES);
  m.scores = taken(<usize>CHUNKS * PAIR_BYTES);
  m.decays = taken(<usize>CHUNKS * DECAY_BYTES);
  m.lanes = taken(<usize>CHUNK << 4);
  m.out = taken(PAIR_ROW); m.in = taken(PAIR_ROW); m.dLog = taken(PAIR_ROW); m.products = taken(PAIR_ROW);
  const columns = deepRow(args), channels = wideRow(args);
  m.B = taken(BLOCK * columns); m.C = taken(BLOCK * columns); m.dB = taken(BLOCK * columns); m.dC = taken(BLOCK * columns);
  m.X = taken(BLOCK * channels); m.dY = taken(BLOCK * channels);
  m.sixB = taken(CHUNKS * sixBytes(args.state)); m.sixC = taken(CHUNKS * sixBytes(args.state));
  m.states = taken((CHUNKS - 1) * stateBytes(args)); m.gradient = taken(stateBytes(args));
  m.turned = taken(<usize>(wide(args) * args.state) << 2);
  m.sixX = taken(sixBytes(args.headDim)); m.sixY = taken(sixBytes(args.headDim));
  m.eight = taken(sixBytes(max(args.headDim, args.state)));
  m.weightedX = taken(CHUNK * channels); m.weightedY = taken(CHUNK * channels);
  m.fromState = taken(CHUNK * columns); m.intoState = taken(CHUNK * columns);
  m.fromGradient = taken(CHUNK * channels); m.outputs = taken(CHUNK * channels);
  return m;
}
