/** The chunked form, SSD, in jax-js: listing 1 by einsum, as its readers would type it. */

import { f32Rounding } from "../bound.js";
import type { JaxArray } from "../engines/jaxjs.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { jaxGated } from "../peers/jaxjs.js";
import { chunked } from "./jaxjs/chunks.js";
import { type Ssd, ssd } from "./operator.js";

/** States are passed by a product over chunks x chunks, as in listing 1: beyond this it rules the time. */
const MOST_CHUNKS = 512;

function cut({ dims: { length } }: Pick<Problem<Ssd>, "dims">, wanted: number) {
  const chunk = Math.min(wanted, length);
  return { chunk, chunks: Math.ceil(length / chunk) };
}

function matrixBytes(problem: Pick<Problem<Ssd>, "dims">, wanted: number): number {
  const { chunk, chunks } = cut(problem, wanted);
  return 4 * problem.dims.batch * problem.dims.heads * chunks * chunk * chunk;
}

export const chunkedJaxjs = implementation(ssd, "jaxjs", {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1, stable segment sums",
  options: () => [{ chunk: 64 }],
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  // a path sums within chunks, and over chunks where states are passed
  rounding: (problem, { chunk: wanted = 64 }) => {
    const { chunk, chunks } = cut(problem, wanted);
    return f32Rounding(chunk + chunks + 1);
  },
  // products of other shapes are compiled otherwise
  bitwise: false,
  unsupported(problem, { chunk: wanted = 64 }) {
    const { chunks } = cut(problem, wanted);
    if (chunks > MOST_CHUNKS)
      return `passes states by a product over at most ${MOST_CHUNKS} x ${MOST_CHUNKS} chunks, got ${chunks}`;
    return tooLarge("decay matrices (length x chunk)", matrixBytes(problem, wanted));
  },
  prepare(engine, problem, { chunk: wanted = 64 }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { chunk, chunks } = cut(problem, wanted);
    const perGroup = heads / groups;
    const padded = chunk * chunks;
    return engine.prepared(ssd, problem, {
      scratchBytes:
        3 * matrixBytes(problem, wanted) +
        4 * (chunk ** 3 + batch * heads * headDim * (3 * padded + 2 * (chunks + 1) * state)),
      compute(ops, { X, logA, B, C, dt, D, z, initialState }) {
        /** (b t ...) -> (b m q ...), filled with zeros: they change no state. */
        const inChunks = (value: JaxArray, inner: readonly number[]) => {
          const more = value.shape.map((_, axis) => [0, axis === 1 ? padded - length : 0] as const);
          const filled = padded === length ? value : ops.pad(value, more);
          return ops.reshape(filled, [batch, chunks, chunk, ...inner]);
        };
        const x = dt ? ops.multiply(X, ops.reshape(dt, [batch, length, heads, 1])) : X;
        const states = [batch, groups, perGroup, headDim, state];
        const { Y, S } = chunked(
          ops,
          { batch, chunk, chunks, groups, perGroup, headDim, state },
          {
            x: inChunks(x, [groups, perGroup, headDim]),
            logA: inChunks(logA, [groups, perGroup]),
            B: inChunks(B, [groups, state]),
            C: inChunks(C, [groups, state]),
            S0: initialState ? ops.reshape(initialState, states) : ops.full(states, 0),
          },
        );
        const all = ops.reshape(Y, [batch, padded, heads, headDim]);
        const whole = padded === length ? all : ops.split(all, [length], 1)[0];
        return {
          Y: jaxGated(ops, whole, X, D && ops.reshape(D, [heads, D.shape[1] ?? 1]), z),
          finalState: ops.reshape(S, [batch, heads, headDim, state]),
        };
      },
    });
  },
});
