/** The gated norm's truth by hand: order of gate and norm, groups, where eps stands. */
import { describe, expect, it } from "vitest";
import { givenProblem } from "../../../impls/operator.js";
import { fusedCpu } from "../../../impls/rms_norm_gated/fused.cpu.js";
import { rmsNormGated } from "../../../impls/rms_norm_gated/index.js";
import { agreement, peakError, referenceOutputs } from "../truth.js";

const dims = { batch: 1, length: 1, heads: 2, groups: 1, headDim: 2 };
const inputs = { X: [1, 2, 3, 4], weight: [1, 10, 100, 1000] };
const silu = (v: number) => v / (1 + Math.exp(-v));
const problemOf = (more: object, settings: object = {}, groups = 1) =>
  givenProblem(rmsNormGated, {
    dims: { ...dims, groups },
    dtype: "f64",
    inputs: { ...inputs, ...more },
    settings: { eps: 0.25, ...settings },
  });
const normed = (values: readonly number[]) => {
  const mean = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  return values.map((v) => v / Math.sqrt(mean + 0.25));
};
const weighted = (values: readonly number[]) => values.map((v, i) => v * inputs.weight[i]);
const z = [1, -1, 0.5, 2];

describe("rms_norm_gated's reference", () => {
  it.each([
    ["without a gate", problemOf({}), weighted(normed(inputs.X))],
    ["in groups", problemOf({}, {}, 2), weighted([...normed([1, 2]), ...normed([3, 4])])],
    ["with a bias", problemOf({ bias: [1, 1, 1, 1] }), weighted(normed(inputs.X)).map((y) => y + 1)],
    ["gate, then norm", problemOf({ z }), weighted(normed(inputs.X.map((x, i) => x * silu(z[i]))))],
    [
      "norm, then gate, the bias before it",
      problemOf({ z, bias: [1, 1, 1, 1] }, { normBeforeGate: true }),
      weighted(normed(inputs.X)).map((y, i) => (y + 1) * silu(z[i])),
    ],
  ])("%s", async (_name, problem, wanted) => {
    expect(peakError(referenceOutputs(rmsNormGated, problem).Y, wanted)).toBeLessThan(1e-15);
    const { certified, worst } = await agreement(fusedCpu, { ...problem, dtype: "f32" });
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  it("gives zeros for zeros", () => {
    expect([...referenceOutputs(rmsNormGated, problemOf({ X: [0, 0, 0, 0] })).Y]).toEqual([0, 0, 0, 0]);
  });

  it("refuses groups that do not divide the heads, and an eps of nothing", () => {
    expect(() => problemOf({}, {}, 3)).toThrow("groups must divide heads");
    expect(() => problemOf({}, { eps: 0 })).toThrow("eps must be above 0");
  });
});
