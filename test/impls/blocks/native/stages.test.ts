/** Stages of blocks in C, each alone: products of whole numbers, which are exact in any order of summation, and maps number by number. */
import { afterAll, describe, expect, it } from "vitest";
import type { MapFunction } from "../../../../impls/blocks/functions.js";
import { Stages } from "../../../../impls/blocks/native/stages.js";
import { open } from "../../../../impls/engines/native.js";
import { dimsFrom, randomProblem } from "../../../../impls/operator.js";
import { swigluBlock } from "../../../../impls/swiglu_block/index.js";
import { orReason } from "../../../or-reason.js";

const engine = await orReason("native", () => open());
afterAll(() => engine?.close());

/** Whole numbers from -8 to 8. */
const whole = (count: number, salt: number) =>
  Float32Array.from({ length: count }, (_, i) => ((i * 37 + salt * 11 + (i >> 5)) % 17) - 8);

/** Runs what `plan` puts on the list over so many tokens. @returns what lies at a place afterwards */
async function ran(
  tokens: number,
  threads: number,
  plan: (on: ReturnType<typeof bench>) => number,
  count: number,
) {
  const on = bench(tokens, threads);
  const place = plan(on);
  const prepared = await engine!.prepared(on.room, on.stages.plans);
  // the second run finds what the first has left
  for (let i = 0; i < 2; i++) await prepared.run(undefined as never);
  const values = on.room.view(place, count).slice();
  await prepared.dispose();
  return values;
}

function bench(tokens: number, threads: number) {
  const dims = dimsFrom(swigluBlock, { batch: 1, length: tokens, modelDim: 1, inner: 1 });
  const room = engine!.room(swigluBlock, randomProblem(swigluBlock, { dims }));
  const given = (values: Float32Array) => room.floats(values.length, (to) => to.set(values));
  return { room, stages: new Stages(engine!, room, threads), given };
}

describe.runIf(engine)("a product", () => {
  // up to eight tokens the weights are read where they lie, from there on in panels; 512 terms stay in registers
  const shapes = [1, 8, 9, 20, 103].flatMap((tokens) =>
    [
      [1, 1],
      [3, 511],
      [16, 512],
      [70, 513],
      [129, 1100],
    ].map(([columns, terms]) => [tokens, columns, terms] as const),
  );

  it.each(shapes)("of %i tokens, %i columns and %i terms is the sum", async (tokens, columns, terms) => {
    const rowW = terms + 3;
    const [A, W] = [whole(tokens * terms, 1), whole(columns * rowW, 2)];
    const [bias, plus] = [whole(columns, 3), whole(tokens * columns, 4)];
    const wanted = Float32Array.from(plus, (value, i) => {
      const [t, c] = [Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let k = 0; k < terms; k++) sum += A[t * terms + k] * W[c * rowW + k];
      return sum + bias[c] + value;
    });
    for (const threads of [1, 2]) {
      const got = await ran(
        tokens,
        threads,
        ({ stages, given }) => {
          const to = stages.perToken(columns);
          const places = { from: given(A), weights: given(W), bias: given(bias), plus: given(plus) };
          stages.product({ ...places, to, columns, terms, rowW });
          return to;
        },
        tokens * columns,
      );
      expect(got).toEqual(wanted);
    }
  });

  it.each([5, 40])("of %i tokens goes on from another's sums", async (tokens) => {
    const [columns, terms] = [19, 600];
    const [A, W] = [whole(tokens * terms, 1), whole(columns * terms, 2)];
    const once = (adds: readonly boolean[]) =>
      ran(
        tokens,
        1,
        ({ stages, given }) => {
          const to = stages.perToken(columns);
          const places = { from: given(A), weights: given(W), to, columns, terms };
          for (const more of adds) stages.product({ ...places, adds: more });
          return to;
        },
        tokens * columns,
      );
    const [single, double] = [await once([false]), await once([false, true])];
    expect(double).toEqual(single.map((value) => 2 * value));
    expect(single.some((value) => value !== 0)).toBe(true);
  });
});

describe.runIf(engine)("a map", () => {
  const silu = (v: number) => v / (1 + Math.exp(-v));
  const functions: Readonly<Record<MapFunction, (v: number) => number>> = {
    copy: (v) => v,
    minusExp: (v) => -Math.exp(v),
    silu,
    relu: (v) => Math.max(v, 0),
    elu1: (v) => (v < 0 ? Math.exp(v) : v + 1),
    siluSlope: (v) => (1 + v / (1 + Math.exp(v))) / (1 + Math.exp(-v)),
    reluSlope: (v) => (v > 0 ? 1 : 0),
    elu1Slope: (v) => Math.exp(Math.min(v, 0)),
    one: () => 1,
  };

  it.each(Object.keys(functions) as MapFunction[])(
    "%s is that function, times and plus others",
    async (name) => {
      const [tokens, columns] = [7, 37];
      const X = whole(tokens * columns, 5);
      const times = whole(tokens * columns, 6);
      const plus = whole(tokens * columns, 7);
      const got = await ran(
        tokens,
        2,
        ({ stages, given }) => {
          const to = stages.perToken(columns);
          const places = { from: given(X), times: given(times), plus: given(plus), to };
          stages.map({ ...places, rows: tokens, columns, function: name });
          return to;
        },
        tokens * columns,
      );
      for (const [i, value] of got.entries()) {
        const f = functions[name](X[i]);
        // an exponential within 4 units of roundoff, a quotient, a product and a sum
        const roundings = 8 * 2 ** -24 * (Math.abs(f * times[i]) + Math.abs(plus[i]));
        expect(Math.abs(value - (f * times[i] + plus[i]))).toBeLessThanOrEqual(roundings);
      }
    },
  );

  it("gives rows again, and numbers along a row", async () => {
    const [rows, columns, period] = [5, 12, 3];
    const X = whole(rows * period, 8);
    const again = (rowX?: number) =>
      ran(
        rows,
        1,
        ({ stages, given }) => {
          const to = stages.perToken(columns);
          stages.map({ from: given(X), to, rows, columns, period, ...(rowX === undefined ? {} : { rowX }) });
          return to;
        },
        rows * columns,
      );
    const at = (i: number) => (i % columns) % period;
    const indices = Array.from({ length: rows * columns }, (_, i) => i);
    expect([...(await again())]).toEqual(indices.map((i) => X[Math.floor(i / columns) * period + at(i)]));
    expect([...(await again(0))]).toEqual(indices.map((i) => X[at(i)]));
  });

  it("of relu keeps NaN", async () => {
    const got = await ran(
      1,
      1,
      ({ stages, given }) => {
        const to = stages.perToken(3);
        stages.map({
          from: given(Float32Array.of(Number.NaN, -1, 2)),
          to,
          rows: 1,
          columns: 3,
          function: "relu",
        });
        return to;
      },
      3,
    );
    expect([...got]).toEqual([Number.NaN, 0, 2]);
  });
});

it.runIf(engine)(
  "turns the two halves of each head by its token's angle, and an odd last channel not",
  async () => {
    const [tokens, heads, headDim] = [3, 2, 7];
    const X = whole(tokens * heads * headDim, 9);
    const angles = Float64Array.from({ length: tokens * 3 }, (_, i) => i / 4);
    const got = await ran(
      tokens,
      1,
      ({ stages, given }) => {
        const at = given(X);
        const tables = {
          cos: given(Float32Array.from(angles, Math.cos)),
          sin: given(Float32Array.from(angles, Math.sin)),
        };
        // forth and, in the second run, once more
        stages.turn(at, heads, headDim, tables);
        return at;
      },
      X.length,
    );
    for (let row = 0; row < tokens * heads; row++) {
      const first = row * headDim;
      expect(got[first + 6]).toBe(X[first + 6]);
      for (let i = 0; i < 3; i++) {
        const angle = 2 * angles[Math.floor(row / heads) * 3 + i];
        const [x, y] = [X[first + i], X[first + 3 + i]];
        const close = 12 * 2 ** -24 * Math.hypot(x, y);
        expect(Math.abs(got[first + i] - (x * Math.cos(angle) - y * Math.sin(angle)))).toBeLessThanOrEqual(
          close,
        );
        expect(
          Math.abs(got[first + 3 + i] - (x * Math.sin(angle) + y * Math.cos(angle))),
        ).toBeLessThanOrEqual(close);
      }
    }
  },
);
