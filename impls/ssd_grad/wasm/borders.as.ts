import { flushed } from "../../engines/wasm/simd.as";
import { DECAY_BYTES, decaysOf, FROM_START, IN_STATE, WHOLE } from "./decays.as";
import {
  Args, BLOCK, blocksOf, border, CHUNK, cotangents, deep, deepRow, groupRows, inputRows, stateBytes, weighted, wideRow,
} from "./layout.as";
import { addProduct } from "./product.as";

// 1. and 2. of README.md: the state and its gradient at the borders of blocks, one after the other along the tokens, each head on its own.

/**
 * A chunk's tokens into a state [p][n], times their decay over it: S <- whole S + X' B with X weighted by what a token counts, or
 * R <- whole R + dY' C with dY weighted by the decay from the chunk's start.
 */
export function pass(args: Args, decays: usize, channels: usize, rows: usize, S: usize): void {
  addProduct(
    channels, wideRow(args), 24, rows, deepRow(args), 32, CHUNK, S, deepRow(args), args.headDim, deep(args), decays + WHOLE,
  );
}

/** Between (p n) in memory and rows of whole tiles. */
function loadState(args: Args, from: usize, to: usize): void {
  memory.fill(to, 0, stateBytes(args));
  const bytes = <usize>args.state << 2;
  for (let p = 0; from && p < args.headDim; p++, from += bytes, to += deepRow(args)) memory.copy(to, from, bytes);
}
function storeState(args: Args, from: usize, to: usize): void {
  const bytes = <usize>args.state << 2;
  for (let p = 0; p < args.headDim; p++, from += deepRow(args), to += bytes) memory.copy(to, from, bytes);
}

function flush(S: usize, bytes: usize): void {
  for (const end = S + bytes; S < end; S += 16) v128.store(S, flushed(v128.load(S)));
}

/** Tasks: (batch, head, walk). Scratch: decays, rows of B or C and of channels of a chunk. */
export function borders(args: Args, task: i32, scratch: usize): void {
  const h = (task >> 1) % args.heads, b = (task >> 1) / args.heads;
  const state = <usize>(b * args.heads + h) * args.headDim * args.state << 2;
  if (task & 1) walkGradients(args, b, h, state, scratch);
  else walkStates(args, b, h, state, scratch);
}

function walkStates(args: Args, b: i32, h: i32, state: usize, scratch: usize): void {
  const decays = scratch, rows = decays + DECAY_BYTES, channels = rows + CHUNK * deepRow(args), g = h / (args.heads / args.groups);
  const blocks = blocksOf(args), bytes = stateBytes(args);
  loadState(args, args.initialState ? args.initialState + state : 0, border(args, false, b, h, 0));
  // behind the last border nobody asks for a state but the caller
  for (let block = 0, last = args.finalState ? blocks : blocks - 1; block < last; block++) {
    const S = border(args, false, b, h, block + 1);
    memory.copy(S, S - bytes, bytes);
    for (let t = block * BLOCK, end = min(t + BLOCK, args.length); t < end; t += CHUNK) {
      const count = min(CHUNK, end - t);
      decaysOf(args, b, h, t, count, decays);
      inputRows(args, b, h, t, count, channels);
      weighted(channels, decays + IN_STATE, wideRow(args), channels);
      groupRows(args, args.B, b, g, t, count, rows);
      pass(args, decays, channels, rows, S);
    }
    flush(S, bytes);
  }
  if (args.finalState) storeState(args, border(args, false, b, h, blocks), args.finalState + state);
}

function walkGradients(args: Args, b: i32, h: i32, state: usize, scratch: usize): void {
  const decays = scratch, rows = decays + DECAY_BYTES, channels = rows + CHUNK * deepRow(args), g = h / (args.heads / args.groups);
  const blocks = blocksOf(args), bytes = stateBytes(args);
  loadState(args, args.dFinalState ? args.dFinalState + state : 0, border(args, true, b, h, blocks));
  for (let block = blocks - 1, first = args.dinitialState ? 0 : 1; block >= first; block--) {
    const R = border(args, true, b, h, block), start = block * BLOCK, end = min(start + BLOCK, args.length);
    memory.copy(R, R + bytes, bytes);
    for (let t = start + (end - start - 1) / CHUNK * CHUNK; t >= start; t -= CHUNK) {
      const count = min(CHUNK, end - t);
      decaysOf(args, b, h, t, count, decays);
      cotangents(args, b, h, t, count, channels);
      weighted(channels, decays + FROM_START, wideRow(args), channels);
      groupRows(args, args.C, b, g, t, count, rows);
      pass(args, decays, channels, rows, R);
    }
    flush(R, bytes);
  }
  if (args.dinitialState) storeState(args, border(args, true, b, h, 0), args.dinitialState + state);
}
