/** The whole model's gradient along directions, by differences of its loss, on the engine that every machine has. */
import { expect, it } from "vitest";
import { LanguageModel } from "../../../impls/learning/model.js";
import { openTraining } from "../../../impls/training/index.js";
import { chainExamples } from "../../../suites/learning/chains.js";
import { layersFor, type ModelName } from "../../../suites/learning/models.js";
import { waves } from "./differences.js";

it.each(["mamba2", "mamba1", "linear", "attention", "hybrid"] as const)("%s", async (name: ModelName) => {
  const shape = {
    batch: 2,
    length: 9,
    modelDim: 8,
    layers: 2,
    state: 4,
    ...(name === "hybrid" ? { attending: 1 } : {}),
  };
  const training = await openTraining({ engine: "cpu" });
  const model = await LanguageModel.open(training, layersFor(name, shape), 11, 5);
  const { tokens, targets } = chainExamples({ length: 9, symbols: 11 }, 1, 0, 2);
  targets[4] = -1;
  const { asked } = model.gradients(tokens, targets);
  expect(asked).toBe(17);
  for (const [i, { name: parameter, values, gradient }] of model.parameters.entries()) {
    // along its own gradient and across it: where the slope is large, and where a wrong sign would show
    const size = Math.hypot(...gradient);
    const other = waves(values.length, i);
    const learns = size > 0;
    const along = gradient.map((g, j) => (learns ? g / size + other[j] / Math.hypot(...other) / 2 : 0));
    const kept = values.slice();
    const lossAt = (step: number) => {
      values.set(kept.map((value, j) => value + step * along[j]));
      return model.evaluate(tokens, targets).loss;
    };
    const step = 0.02;
    // without the third derivative's share
    const slope = (8 * (lossAt(step / 2) - lossAt(-step / 2)) - (lossAt(step) - lossAt(-step))) / (6 * step);
    values.set(kept);
    const expected = Array.from(gradient).reduce((sum, g, j) => sum + g * along[j], 0);
    // frozen parts of linear attention's projection are in no gradient, but in the loss
    if (name === "linear" && /inProj|dtBias|ALog/.test(parameter)) continue;
    expect(Math.abs(slope - expected), parameter).toBeLessThan(0.01 * size + 2e-4);
  }
  training.close();
});
