/** Models as lists of blocks: what their parameters are, and that a hybrid's numbers stay within the bound of its chain. */
import { describe, expect, it } from "vitest";
import { attentionBlock } from "../../../impls/attention_block/index.js";
import { blocks, hybrid, layersOf, modelTruth, parametersOf } from "../../../impls/blocks/model.js";
import { boundAt } from "../../../impls/bound.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { mamba1Block } from "../../../impls/mamba1_block/index.js";
import { mamba2Block } from "../../../impls/mamba2_block/index.js";
import { swigluBlock } from "../../../impls/swiglu_block/index.js";
import { outputsOf } from "../truth.js";

const sizes = {
  ...{
    batch: 2,
    length: 19,
    context: 19,
    modelDim: 16,
    inner: 32,
    heads: 4,
    groups: 2,
    headDim: 8,
    state: 5,
  },
  ...{ width: 4, rank: 3 },
};
const implOf = (operator: unknown) =>
  implementations.find((impl) => impl.operator === operator && impl.engine === "cpu") as AnyImplementation;

describe("a model", () => {
  it("is a list, a hybrid with attention at every n-th place", () => {
    const names = hybrid(7, mamba2Block, 3, attentionBlock).map(({ name }) => name.split("_")[0]);
    expect(names).toEqual(["mamba2", "mamba2", "attention", "mamba2", "mamba2", "attention", "mamba2"]);
  });

  it.each([
    // in_proj, convolution with bias, dt_bias, A_log and D, norm, out_proj, norm in front
    ["mamba2_block", 16 * (64 + 20 + 4) + (32 + 20) * 5 + 3 * 4 + 32 + 16 * 32 + 16],
    // in_proj, convolution with bias, x_proj, dt_proj with bias, A_log, D, out_proj, norm in front
    ["mamba1_block", 16 * 64 + 32 * 5 + 32 * 13 + 32 * 4 + 32 * 5 + 32 + 16 * 32 + 16],
    ["attention_block", 16 * (32 + 2 * 16) + 16 * 32 + 16],
    ["swiglu_block", 16 * 64 + 16 * 32 + 16],
  ])("has a %s of %i parameters", (name, count) => {
    const layers = blocks.filter((block) => block.name === name);
    expect(layersOf({ sizes, layers }, 3).map(parametersOf)).toEqual([count]);
  });

  it("draws other parameters for every layer", () => {
    const [first, second] = layersOf({ sizes, layers: [mamba2Block, mamba2Block] }, 3);
    expect(first.problem.inputs.inProj).not.toEqual(second.problem.inputs.inProj);
  });

  it("of one block of each kind stays within the bound of the chain", async () => {
    const layers = layersOf({ sizes, layers: [mamba2Block, attentionBlock, mamba1Block, swigluBlock] }, 11);
    let u: Float32Array | undefined;
    let rounding = { accumulate: 0, storage: 0, roundings: 0, longestSum: 0, decay: "segsum" as const };
    for (const { operator, problem } of layers) {
      const impl = implOf(operator);
      const source = problem.inputs.u!;
      const given = u && {
        kind: "given" as const,
        axes: source.axes,
        shape: source.shape,
        data: Float64Array.from(u),
      };
      const inputs = given ? { ...problem.inputs, u: given } : problem.inputs;
      const own = impl.rounding(problem, {});
      rounding = {
        ...rounding,
        accumulate: Math.max(rounding.accumulate, own.accumulate),
        storage: Math.max(rounding.storage, own.storage),
        roundings: Math.max(rounding.roundings, own.roundings),
        longestSum: Math.max(rounding.longestSum, own.longestSum),
      };
      u = ((await outputsOf(impl as never, { ...problem, inputs } as never)) as { Y: Float32Array }).Y;
    }
    let worst = 0;
    for (const { lane, outputs } of modelTruth(layers)) {
      const { Y } = outputs as { Y: Parameters<typeof boundAt>[0] };
      for (let i = 0; i < Y.value.length; i++) {
        const { certified, probable } = boundAt(Y, i, rounding);
        const error = Math.abs(u![lane.index * Y.value.length + i] - Y.value[i]);
        expect(error).toBeLessThanOrEqual(certified);
        worst = Math.max(worst, error / probable);
      }
    }
    expect(worst).toBeLessThan(1);
    expect(worst).toBeGreaterThan(1e-4);
  });
});
