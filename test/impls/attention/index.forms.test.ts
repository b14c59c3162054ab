/**
 * Every form of attention on the cpu engine against the float64 reference: odd sizes within the probable bound, traps within the
 * certified.
 */
import { describe, expect, it } from "vitest";
import { materialisedCpu } from "../../../impls/attention/materialised.cpu.js";
import { attention } from "../../../impls/attention/operator.js";
import { TILE, tiledCpu } from "../../../impls/attention/tiled.cpu.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { agreement } from "../truth.js";

const forms = [
  { name: "materialised", impl: materialisedCpu },
  { name: "tiled", impl: tiledCpu },
];

const control = { batch: 1, length: 64, context: 64, heads: 2, groups: 2, headDim: 8, headDimV: 8 };
const square = (length: number) => ({ ...control, length, context: length });
const causal = {
  control,
  oneToken: square(1),
  oneShortOfATile: square(TILE - 1),
  oneOverATile: square(TILE + 1),
  odd63: square(63),
  odd65: square(65),
  oneHead: { ...square(40), heads: 1, groups: 1 },
  groupedHeads: { ...square(33), batch: 2, heads: 8, groups: 2 },
  oneChannel: { ...square(50), headDim: 1, headDimV: 1 },
  widerValues: { ...square(37), headDim: 3, headDimV: 13 },
  narrowerValues: { ...square(37), headDim: 66, headDimV: 2 },
};
const full = {
  ...causal,
  oneQuery: { ...control, length: 1, context: 100 },
  oneKey: { ...control, length: 65, context: 1 },
  moreKeys: { ...control, length: TILE - 1, context: 2 * TILE + 1, heads: 3, groups: 3 },
  moreQueries: { ...control, batch: 2, length: TILE + 1, context: 7, heads: 4, groups: 1 },
};

/** Logits that rise with the key, so that every key tile finds a larger maximum and rescales what came before. */
function rising(step: number): Problem<typeof attention> {
  const length = 3 * TILE + 1;
  return givenProblem(attention, {
    dims: { ...square(length), heads: 1, groups: 1, headDim: 1, headDimV: 2 },
    inputs: {
      Q: new Float64Array(length).fill(1),
      K: Float64Array.from({ length }, (_, s) => s * step),
      V: Float64Array.from({ length: 2 * length }, (_, i) => (i % 3) - 1),
    },
    settings: { scale: 1 },
  });
}

/** q . k in which terms of size 1e4 cancel down to a few units: the rounding of each term decides the weights. */
function cancelling(): Problem<typeof attention> {
  const dims = { ...square(20), heads: 1, groups: 1, headDim: 4, headDimV: 1 };
  const values = (scale: number) =>
    Float64Array.from({ length: 80 }, (_, i) => scale * (1 + ((i * 37) % 101) / 997) * (i % 2 ? 1 : -1));
  return givenProblem(attention, {
    dims,
    inputs: { Q: values(100), K: values(100), V: Float64Array.from({ length: 20 }, (_, i) => (i % 2) - 0.5) },
    settings: { scale: 1 },
  });
}

describe.each(forms)("attention $name", ({ impl }) => {
  it.each(Object.entries(causal))("causal %s", async (_name, dims) => {
    const { probable, worst } = await agreement(impl, randomProblem(attention, { dims, seed: 3 }));
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each(Object.entries(full))("full %s", async (_name, dims) => {
    const problem = randomProblem(attention, { dims, seed: 4, settings: { causal: false } });
    const { probable, worst } = await agreement(impl, problem);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([1, -0.25, 300, 2 ** -20])("scale %d", async (scale) => {
    const problem = randomProblem(attention, { dims: causal.groupedHeads, seed: 5, settings: { scale } });
    const { probable, worst } = await agreement(impl, problem);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([
    ["logits that rise by 0.1 a key", rising(0.1)],
    ["logits that rise by 100 a key, to 1e4", rising(100)],
    ["logits that fall by 100 a key", rising(-100)],
    ["logits of 1e4 from terms that cancel", cancelling()],
  ])("%s", async (_name, problem) => {
    const { certified, worst } = await agreement(impl, problem);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  it("returns the values exactly when all of them are equal", async () => {
    const V = new Float64Array(1).fill(0.5);
    const problem = givenProblem(attention, {
      dims: { ...control, length: 3, context: 1, heads: 1, groups: 1, headDim: 1, headDimV: 1 },
      inputs: { Q: [1e4, -1e4, 0], K: [1], V },
      settings: { causal: false },
    });
    expect((await agreement(impl, problem)).certified).toBe(0);
  });
});

describe("attention materialised", () => {
  it("says what it needs when the scores do not fit", () => {
    const problem = randomProblem(attention, { dims: square(2 ** 15) });
    expect(unsupportedReason(materialisedCpu, problem, {})).toMatch(
      /scores of a head in memory.*length=32768 times context=32768/,
    );
    expect(unsupportedReason(tiledCpu, problem, {})).toBeUndefined();
  });
});
