/** Gradients are timed when they are named, each pass under an id of its own. */
import { expect, it } from "vitest";
import { isF32Output, outputNames, type Problem } from "../../impls/operator.js";
import { chooseSuites } from "../../suites/index.js";
import { caseKeys } from "../../suites/plan/case-keys.js";
import { training } from "../../suites/training.js";

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(training);
  expect(chooseSuites(["training"])).toEqual([training]);
});

it.each(["quick", "default", "paper"] as const)(
  "asks both passes of each operator at the same sizes on the %s grid",
  (grid) => {
    const curves = training.curves(grid, 1);
    const passes = curves.map(({ operator, problems }) => {
      const keys = new Set(problems.map((problem) => caseKeys(problem, {}, undefined).pass));
      expect(keys.size).toBe(1);
      return `${operator.name} ${[...keys][0]}`;
    });
    const wanted = ["ssd_grad", "selective_scan_grad", "attention_grad"].flatMap((name) =>
      ["training", "backward"].map((pass) => `${name} ${pass}`),
    );
    expect([...new Set(passes)]).toEqual(wanted);
    for (const { problems } of curves)
      expect(problems.map(({ dims }) => dims.length)).toEqual(
        curves[0].problems.map(({ dims }) => dims.length),
      );
  },
);

it("gives the outputs of the map in a training pass only, and sums over tokens in f32 whatever the storage type", () => {
  const [{ operator, problems }, { problems: backward }] = training.curves("paper", 1);
  expect(outputNames(operator, problems[0])).toEqual(["dX", "dlogA", "dB", "dC", "ddt", "Y", "finalState"]);
  expect(outputNames(operator, backward[0])).toEqual(["dX", "dlogA", "dB", "dC", "ddt"]);
  const half = { ...problems[0], dtype: "f16" } as Problem;
  const wide = outputNames(operator, half).filter((name) => isF32Output(operator, half, name));
  expect(wide).toEqual(["dlogA", "ddt", "finalState"]);
});
