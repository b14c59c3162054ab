/** The parts of a block are timed when they are named, under ids that tell them apart. */
import { expect, it } from "vitest";
import { blockParts } from "../../suites/block-parts.js";
import { chooseSuites } from "../../suites/index.js";
import { caseKeys } from "../../suites/plan/case-keys.js";

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(blockParts);
  expect(chooseSuites(["block-parts"])).toEqual([blockParts]);
});

it("asks each operator once a length, and says how wide a filter is", () => {
  const curves = blockParts.curves("quick", 1);
  expect(curves.map(({ operator }) => operator.name)).toEqual([
    "causal_conv1d",
    "rms_norm_gated",
    "masked_attention",
  ]);
  for (const { problems } of curves)
    expect(problems.map(({ dims }) => dims.length)).toEqual([512, 1024, 2048, 4096]);
  expect(caseKeys(curves[0].problems[0], {}, undefined)).toMatchObject({ width: 4, headDim: 64 });
});
