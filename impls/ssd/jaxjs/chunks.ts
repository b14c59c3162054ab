/**
 * The block decomposition of the semiseparable matrix by einsum: listing 1 of the paper, step by step. Letters: b batch, m chunks, g
 * groups, k heads of a group; t, s, u places in a chunk; c, i chunks; p, n.
 */
import type { JaxArray, JaxOps } from "../../engines/jaxjs.js";
import { jaxMask } from "../../peers/jaxjs.js";

/** Sizes of one problem cut into chunks. */
export interface ChunkSizes {
  readonly batch: number;
  readonly chunk: number;
  readonly chunks: number;
  readonly groups: number;
  /** Heads of a group. */
  readonly perGroup: number;
  readonly headDim: number;
  readonly state: number;
}

/** Decays that float32 cannot tell from a reset: a product with a mask would make NaN of -Infinity. */
const RESET = -1e4;

/** @param x (b m t g k p) @param logA (b m t g k) @param B, C (b m t g n) @param S0 (b g k p n) */
export interface ChunkInputs {
  readonly x: JaxArray;
  readonly logA: JaxArray;
  readonly B: JaxArray;
  readonly C: JaxArray;
  readonly S0: JaxArray;
}

/** @returns Y (b m t g k p) and the state behind the last chunk (b 1 g k p n) */
export function chunked(ops: JaxOps, sizes: ChunkSizes, { x, logA, B, C, S0 }: ChunkInputs) {
  const { batch, chunk, chunks, groups, perGroup, headDim, state } = sizes;
  const { einsum } = ops;
  const mask = (at: (row: number, column: number) => boolean) => jaxMask(ops, chunk, chunk, at);
  const decay = ops.maximum(logA, RESET);
  const column = (value: JaxArray) => ops.reshape(value, [...value.shape, 1]);

  // 1. diagonal blocks: (L o C B^T) x. Sums over segments, not differences of running sums: those cancel
  const L = ops.exp(einsum("tsu,bmugk->bmgkts", segments(ops, chunk), decay));
  const CB = ops.multiply(
    einsum("bmtgn,bmsgn->bmgts", C, B),
    mask((t, s) => s <= t),
  );
  const weights = ops.multiply(L, ops.reshape(CB, [batch, chunks, groups, 1, chunk, chunk]));
  const within = einsum("bmgkts,bmsgkp->bmtgkp", weights, x);
  // 2. chunk states
  const toEnd = ops.exp(
    einsum(
      "su,bmugk->bmsgk",
      mask((s, u) => u > s),
      decay,
    ),
  );
  const added = einsum("bmsgn,bmsgkp->bmgkpn", B, ops.multiply(x, column(toEnd)));
  // 3. pass states: the same segment sums over chunks, the initial state before them
  const starts = ops.reshape(S0, [batch, 1, groups, perGroup, headDim, state]);
  const between = passes(ops, chunks, einsum("bmugk->bgkm", decay));
  const all = einsum("bgkci,bigkpn->bcgkpn", between, ops.concatenate([starts, added], 1));
  const [entering, last] = ops.split(all, [chunks], 1);
  // 4. state to output
  const fromStart = ops.exp(
    einsum(
      "tu,bmugk->bmtgk",
      mask((t, u) => u <= t),
      decay,
    ),
  );
  const carried = einsum("bmtgn,bmgkpn->bmtgkp", C, entering);
  return { Y: ops.add(within, ops.multiply(carried, column(fromStart))), S: last };
}

/** [t, s, u] is 1 where u lies in the segment (s, t]. */
function segments(ops: JaxOps, chunk: number): JaxArray {
  const values = Float32Array.from({ length: chunk ** 3 }, (_, i) => {
    const [t, s, u] = [Math.floor(i / chunk ** 2), Math.floor(i / chunk) % chunk, i % chunk];
    return Number(s < u && u <= t);
  });
  return ops.array(values, { shape: [chunk, chunk, chunk] });
}

/** (b g k c i): from the start of chunk i, 0 standing for the initial state, to the start of chunk c; 0 where i comes after c. */
function passes(ops: JaxOps, chunks: number, perChunk: JaxArray): JaxArray {
  const size = chunks + 1;
  // row c holds the decay of the chunk before it
  const shifted = ops.pad(perChunk, [
    [0, 0],
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
  const steps = ops.multiply(
    ops.reshape(shifted, [...shifted.shape, 1]),
    jaxMask(ops, size, size, (c, i) => c > i),
  );
  return ops.multiply(
    ops.exp(ops.cumsum(steps, 3)),
    jaxMask(ops, size, size, (c, i) => c >= i),
  );
}
