/** Whole layers run when they are named, at equal width, with the sizes of the official modules. */
import { expect, it } from "vitest";
import { mamba2Block } from "../../impls/mamba2_block/index.js";
import { block, layerProblem } from "../../suites/block.js";
import { heads } from "../../suites/heads.js";
import { chooseSuites } from "../../suites/index.js";
import { parseAxes, withAxes } from "../../suites/plan/axes.js";
import { caseKeys } from "../../suites/plan/case-keys.js";

it("run only when they are named", () => {
  for (const suite of [block, heads]) expect(chooseSuites([])).not.toContain(suite);
  expect(chooseSuites(["block", "heads"])).toEqual([block, heads]);
});

it("asks every kind of layer at the same lengths and width, and for one token behind what it keeps", () => {
  const curves = block.curves("quick", 1);
  const isTrained = ({ operator }: { readonly operator: { readonly name: string } }) =>
    operator.name.endsWith("_grad");
  const prompts = curves.filter((curve) => curve.problems[0].dims.length > 1 && !isTrained(curve));
  expect(prompts.map(({ operator }) => operator.name)).toEqual([
    "mamba2_block",
    "mamba1_block",
    "attention_block",
  ]);
  for (const { problems } of prompts) {
    expect(problems.map(({ dims }) => dims.length)).toEqual([256, 512, 1024]);
    for (const { dims, inputs } of problems) {
      expect(dims.modelDim).toBe(256);
      expect(inputs.preNorm?.shape).toEqual([256]);
    }
  }
  expect(curves.filter(isTrained).map(({ operator }) => operator.name)).toEqual(
    prompts.map(({ operator }) => `${operator.name}_grad`),
  );
  const steps = curves.filter(({ problems }) => problems[0].dims.length === 1);
  expect(steps.map(({ problems }) => problems.length)).toEqual([1, 1, 3]);
  for (const { problems } of steps)
    for (const { inputs } of problems) expect(inputs.initialState ?? inputs.keys).toBeDefined();
});

it("has a layer's sizes as mamba_ssm's modules have them", () => {
  const { dims } = layerProblem(mamba2Block, { modelDim: 768, length: 64, dtype: "f32", seed: 1 });
  // Mamba2(768): in_proj of 2 x 1,536 + 2 x 128 + 24 rows
  expect(dims).toMatchObject({ inner: 1536, heads: 24, headDim: 64, state: 128, groups: 1, width: 4 });
  expect(dims.projected).toBe(2 * 1536 + 2 * 128 + 24);
});

it("takes lengths from the command line for prompts, and leaves steps of decoding one token", () => {
  const [suite] = withAxes([block], parseAxes(["length=48,96"]), "quick");
  const lengths = suite.curves("quick", 1).map(({ problems }) => problems.map(({ dims }) => dims.length));
  const trained = Array.from({ length: 3 }, () => [48, 96]);
  expect(lengths).toEqual([[48, 96], [1], [48, 96], [1], [48, 96], [1, 1, 1], ...trained]);
});

it("asks each head pattern and each feature map once, under ids that tell them apart", () => {
  const [{ problems }] = heads.curves("quick", 1);
  const words = problems.map((problem) => {
    const { groups, pattern, features } = caseKeys(problem, {}, undefined) as Record<string, unknown>;
    return [groups, pattern, features].filter(Boolean).join(" ");
  });
  expect(new Set(words).size).toBe(problems.length);
  for (const word of ["1", "1 multi-query", "1 multi-key", "8", "1 identity", "1 relu", "1 elu1"])
    expect(words).toContain(word);
});
