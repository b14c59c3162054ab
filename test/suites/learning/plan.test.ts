/** The trainings of the suites: what an id says, shards, and equal sizes. */
import { describe, expect, it } from "vitest";
import { parametersOf } from "../../../impls/blocks/model.js";
import { trainingRowSchema } from "../../../reports/rows/training.js";
import { learningSuites } from "../../../suites/learning/index.js";
import { kindsOf, layersFor } from "../../../suites/learning/models.js";
import { checkSizes } from "../../../suites/learning/mqar.js";
import { planTrainings, type TrainingPlan } from "../../../suites/learning/plan.js";

const GRIDS = ["quick", "default", "paper"] as const;

function planOf(name: string, more: Partial<TrainingPlan> = {}) {
  const suites = learningSuites.filter((suite) => suite.name === name);
  return planTrainings({
    suites,
    grid: "default",
    seed: 3,
    engine: "cpu",
    matches: () => true,
    shard: null,
    ...more,
  });
}

describe.each(learningSuites.map(({ name }) => name))("%s", (name) => {
  it.each(GRIDS)("%s: each training has an id of its own, and whole batches to be tested on", (grid) => {
    const planned = planOf(name, { grid });
    expect(new Set(planned.map(({ id }) => id)).size).toBe(planned.length);
    for (const { spec } of planned) {
      expect(spec.tests % spec.shape.batch).toBe(0);
      expect(spec.task.length).toBe(spec.shape.length);
      if (spec.task.kind === "mqar") {
        expect(spec.task.stages.at(-1)).toBe(spec.task.pairs);
        expect(() => checkSizes(spec.task as never)).not.toThrow();
      }
    }
  });

  it("beyond the smoke every model has three seeds, that begin where the run says", () => {
    for (const grid of ["default", "paper"] as const) {
      const seeds = planOf(name, { grid }).map(({ spec }) => spec.seed);
      expect([...new Set(seeds)]).toEqual([3, 4, 5]);
    }
  });

  it("shards are a partition", () => {
    const all = planOf(name).map(({ id }) => id);
    const shards = [1, 2, 3].flatMap((index) =>
      planOf(name, { shard: { index, count: 3 } }).map(({ id }) => id),
    );
    expect([...shards].sort()).toEqual([...all].sort());
  });

  it("--filter chooses by id", () => {
    const some = planOf(name, { matches: (id) => id.includes(" seed=4") });
    expect(some.length).toBe(planOf(name).length / 3);
  });
});

it("an id spells what tells trainings apart, and only plain characters", () => {
  const [first] = planOf("mqar", { grid: "paper", matches: (id) => id.includes("mamba2") });
  expect(first.id).toBe(
    "mqar/mamba2.cpu dtype=f32 batch=32 length=256 state=16 modelDim=32 layers=2 pairs=32 vocabulary=8192 rate=0.003 seed=3",
  );
  expect(trainingRowSchema.shape.suite.safeParse("../x").success).toBe(false);
});

it("a hybrid's attention is spread over its layers", () => {
  const shape = { batch: 1, length: 8, modelDim: 8, layers: 10, state: 4 };
  const kinds = (attending: number) =>
    kindsOf("hybrid", { ...shape, attending })
      .map((kind) => kind[0])
      .join("");
  expect(kinds(0)).toBe("mmmmmmmmmm");
  expect(kinds(1)).toBe("mmmmmmmmma");
  expect(kinds(3)).toBe("mmmammamma");
  expect(kinds(5)).toBe("mamamamama");
  expect(kinds(10)).toBe("aaaaaaaaaa");
});

it.each(GRIDS)("%s: hybrids have equal parameters within 1%, whatever share attends", (grid) => {
  const sizes = planOf("hybrid", { grid }).map(({ spec }) =>
    layersFor(spec.model, spec.shape).reduce((sum, layer) => sum + parametersOf(layer), 0),
  );
  expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.01);
});
