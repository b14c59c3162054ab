/** Every split of a sequence, through a whole block and through two layers, on the engine cpu. */
import { describe, expect, it } from "vitest";
import { dimsFrom } from "../../../impls/operator.js";
import { blockSplit, heldSplit } from "../../../suites/laws/block-split.js";
import type { Spec } from "../../../suites/problems/spec.js";
import { subjectsFor } from "../../../suites/verify/subject.js";
import { cpuTargets } from "../targets.js";

const LENGTH = 9;
const sizes = {
  ...{ batch: 2, length: LENGTH, context: LENGTH, modelDim: 6, inner: 14, heads: 4, groups: 2, headDim: 3 },
  ...{ state: 5, width: 4, rank: 2 },
};
const WITH = ["preNorm", "convBias", "normWeight", "initialState", "initialConv"];

const cases = cpuTargets
  .filter(({ impl }) => blockSplit.operators.includes(impl.operator))
  .flatMap((target) =>
    [1, 2].map((layers) => ({ target, layers, name: `${target.impl.operator.name}/${target.impl.form}` })),
  );

describe("a prompt, then token by token", () => {
  it.each(cases)("$name, $layers layers: every split", async ({ target, layers }) => {
    const { operator } = target.impl;
    const names = WITH.filter((name) => name in operator.inputs);
    const spec: Spec = {
      ...{
        operator: operator.name,
        seed: 4,
        values: "signed" as const,
        decay: "usual" as const,
        with: names,
        alternative: [],
      },
      ...{
        dims: dimsFrom(operator, sizes, names) as Record<string, number>,
        settings: operator.settings,
        dtype: 0,
      },
    };
    const [subject] = await subjectsFor(target, spec);
    for (let first = 1; first < LENGTH; first++)
      expect(await heldSplit(subject, spec, first, layers), `a prompt of ${first}`).toEqual({ ok: true });
  });

  it("asks every block with a past, in one layer and in two", () => {
    expect(cases.length).toBeGreaterThanOrEqual(8);
  });
});
