/** Every form of the selective scan on the cpu engine against the float64 reference, with every layout and optional input. */
import { describe, expect, it } from "vitest";
import { randomProblem } from "../../../impls/operator.js";
import { EXP_DECAY_ERROR, expDecay } from "../../../impls/selective_scan/cpu/exp.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { recurrentCpu } from "../../../impls/selective_scan/recurrent.cpu.js";
import { agreement } from "../truth.js";

const constant = ["heads", "headDim", "state"];
const control = { batch: 1, length: 64, heads: 2, groups: 1, headDim: 4, state: 16 };
const odd = { batch: 2, length: 37, heads: 6, groups: 3, headDim: 5, state: 3 };
const shapes = {
  control,
  odd,
  oneToken: { ...control, length: 1 },
  oddLength: { ...control, length: 65 },
  oneEverything: { batch: 1, length: 9, heads: 1, groups: 1, headDim: 1, state: 1 },
  severalBlocks: { ...control, length: 30, headDim: 17, state: 130 },
};

describe("selective_scan recurrent", () => {
  it.each(Object.entries(shapes))("%s", async (_name, dims) => {
    const problem = randomProblem(selectiveScan, { dims, seed: 3 });
    const { probable, worst } = await agreement(recurrentCpu, problem);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  const all = ["D", "z", "deltaBias", "initialState"] as const;
  it.each([...all.map((name) => [name]), all])("with %s %s %s %s", async (...given) => {
    const names = given.filter((name) => name !== undefined);
    const settings = { softplus: names.includes("deltaBias") };
    const problem = randomProblem(selectiveScan, { dims: odd, seed: 5, with: names, settings });
    const { probable, worst } = await agreement(recurrentCpu, problem);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([{ B: constant }, { C: constant }, { B: constant, C: constant }])(
    "with layout %j",
    async (layouts) => {
      const problem = randomProblem(selectiveScan, { dims: odd, seed: 6, layouts });
      const { probable, worst } = await agreement(recurrentCpu, problem);
      expect(probable, worst).toBeLessThanOrEqual(1);
    },
  );
});

describe("expDecay", () => {
  it("is as accurate as it says", () => {
    let worst = 0;
    for (let l = 0; l >= -90; l -= 0.000917) worst = Math.max(worst, Math.abs(expDecay(l) / Math.exp(l) - 1));
    expect(worst).toBeLessThan(EXP_DECAY_ERROR);
  });

  it("is one at zero, nothing far below, and leaves the rest to Math.exp", () => {
    expect([0, -0, -90.1, -1e4, Number.NEGATIVE_INFINITY, 2, Number.NaN].map(expDecay)).toEqual([
      1,
      1,

      0,
      0,
      0,
      Math.exp(2),
      Number.NaN,
    ]);
  });
});
