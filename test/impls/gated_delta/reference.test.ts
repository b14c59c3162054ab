/** The reference of gated_delta against files made by a program of its own, and its bound where errors on absolute values would explode. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { boundAt, f32Rounding } from "../../../impls/bound.js";
import { gatedDelta } from "../../../impls/gated_delta/index.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { mapGolden, parseGolden } from "../../../suites/vectors/index.js";
import { peakError, referenceOutputs } from "../truth.js";

const folder = new URL("../../fixtures/gated_delta/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));

it.each(files)("%s: the reference gives what a program after flash-linear-attention gives", (file) => {
  const mapping = mapGolden(parseGolden(readFileSync(new URL(file, folder)), file));
  if ("skip" in mapping) throw new Error(mapping.skip);
  for (const { problem, expected } of mapping.problems) {
    const outputs = referenceOutputs(gatedDelta, problem);
    expect(expected.map(({ output }) => output).sort()).toEqual(Object.keys(gatedDelta.outputs).sort());
    for (const { output, values } of expected)
      expect(peakError(outputs[output], values), output).toBeLessThan(1e-10);
  }
});

const seed = 5;
const LENGTH = 16_384;

it(`the certified bound notices zeros after ${LENGTH} tokens, seed ${seed}`, () => {
  const dims = { batch: 1, length: LENGTH, heads: 1, groups: 1, headDim: 1, state: 16 };
  const problem = randomProblem(gatedDelta, { dims, seed }) as Problem<typeof gatedDelta>;
  const [{ outputs }] = gatedDelta.reference(problem, [{ kind: "element", index: 0 }]);
  const rounding = f32Rounding(8);
  const noticed = outputs.Y.value.filter(
    (value, t) => Math.abs(value) > boundAt(outputs.Y, t, rounding).certified,
  );
  // on absolute values a token with beta |k|^2 = 1/130 makes errors grow by 1 + 1/130: 10^54 times here
  expect(noticed.length).toBeGreaterThan(LENGTH / 2);
});
