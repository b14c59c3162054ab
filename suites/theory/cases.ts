/** Random semiseparable inputs, the hostile ones too: generators of a matrix as functions of a few small numbers, so that they shrink. */
import fc from "fast-check";
import { hashAt, signed, streamKeys } from "../../impls/random.js";

const DECAYS = ["one", "usual", "weak", "zeros", "underflow", "mixed"] as const;

export interface Semiseparable {
  readonly length: number;
  /** Columns of B and C. */
  readonly state: number;
  /** Different columns of B: the rest repeat them, and the matrix has this rank at most. */
  readonly rank: number;
  readonly channels: number;
  readonly decay: (typeof DECAYS)[number];
  /** Powers of two that X and B are multiplied by. */
  readonly scaleX: number;
  readonly scaleB: number;
  /** Every second token is the one before it. */
  readonly repeated: boolean;
  readonly seed: number;
}

export function semiseparable(sizes: { length?: number; state?: number } = {}): fc.Arbitrary<Semiseparable> {
  const { length = 40, state = 6 } = sizes;
  return fc
    .record({
      length: fc.integer({ min: 1, max: length }),
      state: fc.integer({ min: 1, max: state }),
      dropped: fc.nat({ max: state - 1 }),
      channels: fc.integer({ min: 1, max: 4 }),
      decay: fc.constantFrom(...DECAYS),
      scaleX: fc.integer({ min: -30, max: 30 }),
      scaleB: fc.integer({ min: -30, max: 30 }),
      repeated: fc.boolean(),
      seed: fc.nat(),
    })
    .map(({ dropped, ...example }) => ({ ...example, rank: Math.max(1, example.state - dropped) }));
}

/** Values that float32 holds, in C order. */
export interface Generators {
  /** (length): the log of each token's decay; -Infinity where it is exactly 0, 0 where exactly 1. */
  readonly logA: Float64Array;
  /** exp of it, in float64. */
  readonly a: Float64Array;
  /** (length, state) */
  readonly B: Float64Array;
  readonly C: Float64Array;
  /** (length, channels) */
  readonly X: Float64Array;
}

/** @param stream tells apart heads or chunks of one case */
export function generators(example: Semiseparable, stream = ""): Generators {
  const { length, state, rank, channels, decay, scaleX, scaleB, seed } = example;
  // a repeated token is the one before it, decay included
  const token = (t: number) => (example.repeated ? t - (t % 2) : t);
  const tensor = (name: string, columns: number, value: (h: number, column: number) => number) => {
    const keys = streamKeys(seed, name + stream);
    return Float64Array.from({ length: length * columns }, (_, i) => {
      const column = i % columns;
      return value(hashAt(keys, token(Math.floor(i / columns)), column), column);
    });
  };
  const rows = (name: string, columns: number, scale: number, different = columns) => {
    const drawn = tensor(name, columns, (h) => signed(h, 24) * 2 ** scale);
    return drawn.map((_, i) => drawn[i - (i % columns) + ((i % columns) % different)]);
  };
  const logA = tensor("logA", 1, (h) => Math.fround(LOG_DECAYS[decay](h)));
  return {
    logA,
    a: logA.map(Math.exp),
    B: rows("B", state, scaleB, rank),
    C: rows("C", state, 0),
    X: rows("X", channels, scaleX),
  };
}

const unit = (h: number) => (h >>> 8) * 2 ** -24;

const LOG_DECAYS: Readonly<Record<Semiseparable["decay"], (h: number) => number>> = {
  one: () => 0,
  usual: (h) => -0.5 * unit(h),
  weak: (h) => -1e-5 * unit(h),
  zeros: (h) => ((h & 7) === 0 ? Number.NEGATIVE_INFINITY : -0.3 * unit(h)),
  // two tokens on nothing is left that float32 can hold
  underflow: (h) => -60 - 60 * unit(h),
  mixed: (h) => [0, 0, -0.3 * unit(h), -1e-6, -5, -80, Number.NEGATIVE_INFINITY, -0.1][h & 7],
};
