/** Plans: ids, groups that share a problem, shards, options restored from a stored run. */
import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import type { Options } from "../../../impls/prepared.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { chooseSuites } from "../../../suites/index.js";
import { makePlan, type PlanRequest, planIds } from "../../../suites/plan/plan.js";

function implementation(options: Options, dtypes: AnyImplementation["dtypes"] = ["f32"]): AnyImplementation {
  const body = {
    form: "chunked",
    source: "test",
    dtypes,
    rounding: () => f32Rounding(0),
    options: () => [options],
  };
  return { ...body, operator: ssd, engine: "cpu", prepare: () => undefined as never } as AnyImplementation;
}

function request(impls: readonly AnyImplementation[], more: Partial<PlanRequest> = {}): PlanRequest {
  return {
    suites: chooseSuites([]),
    grid: "quick",
    seed: 0,
    impls,
    targets: [{ engine: "cpu", device: undefined, deviceKey: undefined }],
    describe: async (_target, questions) =>
      Promise.all(
        questions.map(async ({ impl, problem, everyChoice }) => {
          const choices = await impls[impl].options!(problem, undefined as never);
          return (everyChoice ? choices : choices.slice(0, 1)).map((options) => ({ options }));
        }),
      ),
    ...more,
  };
}

describe("makePlan", () => {
  it("measures a case that two suites ask for once, and gives each its row", async () => {
    const groups = await makePlan(request([implementation({})]));
    const cases = groups.flatMap((group) => group.cases);
    const shared = cases.filter((one) => one.suites.length === 2);
    expect(shared.map((one) => one.problem.dims)).toEqual([
      expect.objectContaining({ length: 4096, state: 64 }),
    ]);
    expect(planIds(groups)).toHaveLength(4 + 5);
    expect(new Set(planIds(groups)).size).toBe(9);
  });

  it("keeps implementations of one problem together, and refuses two with one id", async () => {
    const both = await makePlan(request([implementation({ make: "a" }), implementation({ make: "b" })]));
    expect(both.every((group) => group.cases.length === 2)).toBe(true);
    await expect(makePlan(request([implementation({}), implementation({})]))).rejects.toThrow(
      /share the case id.*make/,
    );
  });

  it("counts the two smallest sizes among what a filter leaves", async () => {
    const groups = await makePlan(
      request([implementation({})], {
        keep: (suite, id) => suite === "sequence-length" && !id.includes("length=512 "),
      }),
    );
    const ranks = groups.flatMap((group) => group.cases).map((one) => [one.problem.dims.length, one.rank]);
    expect(ranks).toEqual([
      [1024, 0],
      [2048, 1],
      [4096, 2],
    ]);
  });

  it("divides into shards without loss, a problem never between two", async () => {
    const impls = [implementation({ make: "a" }), implementation({ make: "b" })];
    const all = planIds(await makePlan(request(impls)));
    const parts = await Promise.all(
      [1, 2, 3].map((index) => makePlan(request(impls, { shard: { index, count: 3 } }))),
    );
    expect(parts.flatMap(planIds).sort()).toEqual([...all].sort());
    for (const part of parts) expect(part.every((group) => group.cases.length === 2)).toBe(true);
  });

  it("takes options that an engine chose by measuring from the stored ids", async () => {
    let chunk = 8;
    const tuned = { ...implementation({}), options: () => [{ chunk: chunk++ }] } as AnyImplementation;
    const stored = planIds(await makePlan(request([tuned])));
    const keep = (suite: string, id: string) => stored.includes(`${suite}\t${id}`);
    const again = planIds(await makePlan(request([tuned], { storedIds: stored, keep })));
    expect(again.sort()).toEqual([...stored].sort());
  });

  it("says warm or cold where an engine can empty its cache, and asks for cold in the paper's grid only", async () => {
    const targets = [{ engine: "cpu", device: undefined, deviceKey: "some-gpu", cools: true }] as const;
    const ids = async (grid: "quick" | "default" | "paper", more: Partial<PlanRequest> = {}) =>
      planIds(await makePlan(request([implementation({})], { grid, targets, ...more })));
    for (const grid of ["quick", "default"] as const)
      for (const id of await ids(grid)) expect(id).toMatch(/ cache=warm device=some-gpu$/);
    const paper = await ids("paper");
    const cold = paper.filter((id) => id.includes(" cache=cold "));
    expect(cold.map((id) => id.replace("cold", "warm"))).toEqual(
      paper.filter((id) => id.includes(" cache=warm ")),
    );
    expect(new Set(await ids("paper", { storedIds: paper }))).toEqual(new Set(paper));
  });

  it("counts ranks of cold and warm curves apart, and keeps cold ones out of the figure", async () => {
    const targets = [{ engine: "cpu", device: undefined, deviceKey: "some-gpu", cools: true }] as const;
    const groups = await makePlan(request([implementation({})], { grid: "paper", targets }));
    for (const { cases } of groups) {
      expect(cases.map(({ cache }) => cache)).toEqual(["warm", "cold"]);
      expect(cases[0].rank).toBe(cases[1].rank);
      expect(cases[1].figure).toBe(false);
    }
  });

  it("asks for every choice of options where the suite says so, and keeps them apart when a run goes on", async () => {
    let chunk = 8;
    const options = () => [1, 2].map((threads) => ({ chunk: chunk++, threads }));
    const impl = { ...implementation({}), options } as AnyImplementation;
    const everyChoice = { suites: chooseSuites(["threads"]) };
    const stored = planIds(await makePlan(request([impl], everyChoice)));
    expect(stored.filter((id) => id.includes("threads=1")).length * 2).toBe(stored.length);
    expect(stored.filter((id) => id.includes("threads=2")).length * 2).toBe(stored.length);
    const again = planIds(await makePlan(request([impl], { ...everyChoice, storedIds: stored })));
    expect(again).toEqual(stored);
    expect(planIds(await makePlan(request([impl]))).some((id) => id.includes("threads=2"))).toBe(false);
  });

  it("asks an implementation only in dtypes it accepts", async () => {
    const groups = await makePlan(request([implementation({}, ["f16"])], { grid: "paper" }));
    expect(new Set(groups.map((group) => group.problem.dtype))).toEqual(new Set(["f16"]));
  });

  it.each<[unknown, string, RegExp]>([
    ["auto", "auto", /chunk is "auto": expected number/],
    [Number.NaN, "nan", /chunk is NaN/],
    [-8, "8", /chunk is -8/],
    [24n, "24n", /chunk is 24n/],
    [[8], "a-list", /chunk is a list/],
    [{}, "an-object", /chunk is an object/],
  ])("says of a chunk %s that it is wrong, and plans the others", async (chunk, spelled, why) => {
    const bad = implementation({ chunk, make: "bad" } as unknown as Options);
    const groups = await makePlan(request([bad, implementation({ make: "good" })]));
    const cases = groups.flatMap((group) => group.cases);
    const [wrong, sound] = [true, false].map((is) => cases.filter((one) => (one.wrong !== undefined) === is));
    expect(wrong.length).toBe(sound.length);
    for (const one of wrong) {
      expect(one.wrong).toMatch(why);
      expect(one.id).toMatch(new RegExp(` chunk=${spelled} make=bad$`));
    }
  });

  it("says of a make that no id can hold that it is wrong", async () => {
    const groups = await makePlan(request([implementation({ make: "../A b" })]));
    for (const one of groups.flatMap((group) => group.cases)) {
      expect(one.wrong).toMatch(/make is "\.\.\/A b": a case id needs/);
      expect(one.id).toMatch(/make=[a-z0-9._-]+$/);
    }
  });
});
