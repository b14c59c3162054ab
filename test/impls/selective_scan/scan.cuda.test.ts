/** Walks over tokens on a fake driver: launches, their parameters, what they are compiled for, what is refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { open } from "../../../impls/engines/cuda.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { randomProblem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/index.js";
import { scanCuda } from "../../../impls/selective_scan/scan.cuda.js";
import { ssd } from "../../../impls/ssd/index.js";
import { recurrentCuda } from "../../../impls/ssd/recurrent.cuda.js";
import { FakeCompiler, FakeDriver } from "../engines/cuda/fake.js";

const cache = mkdtempSync(join(tmpdir(), "dualbench-cubins-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const dims = { batch: 2, length: 300, heads: 4, groups: 2, headDim: 24, state: 16 };

async function opened() {
  const driver = new FakeDriver();
  const compiler = new FakeCompiler();
  const libraries = { driver: () => driver.calls, compiler: () => compiler, cache };
  return { driver, compiler, engine: await open("0", {}, libraries) };
}

/** Whole numbers of `struct Problem` in walk.tiles.cu, behind fourteen addresses. */
function numbersOf([parameters]: readonly Uint8Array[]) {
  const [batch, length, heads, groups, headDim, state, slices, segments, tokens] = new Int32Array(
    parameters.slice(14 * 8).buffer,
    0,
    9,
  );
  return { batch, length, heads, groups, headDim, state, slices, segments, tokens };
}

describe("launches", () => {
  it("are one walk where sequences are many", async () => {
    const { driver, engine } = await opened();
    const many = randomProblem(selectiveScan, { dims: { ...dims, batch: 200 }, dtype: "f16" });
    const one = await scanCuda.prepare(engine, many, { make: "walk" });
    driver.launched.length = 0;
    await engine.once((lane) => one.run(lane));
    expect(driver.launched.map(({ name }) => name)).toEqual(["walk"]);
    expect(numbersOf(driver.launched[0].parameters)).toMatchObject({ batch: 200, segments: 1, tokens: 300 });
  });

  it("are the ends of segments, their recurrence and the outputs where they are few, and give memory back", async () => {
    const { driver, engine } = await opened();
    const few = randomProblem(selectiveScan, { dims, dtype: "bf16", with: ["documents"] });
    const one = await scanCuda.prepare(engine, few, { make: "walk-split" });
    driver.launched.length = 0;
    await engine.once((lane) => one.run(lane));
    expect(driver.launched.map(({ name }) => name)).toEqual(["walk", "pass_segments", "walk"]);
    expect(driver.launched.map(({ config }) => [config.gridX, config.gridY, config.gridZ])).toEqual([
      [4, 2, 2],
      [12, 2, 1],
      [4, 2, 2],
    ]);
    expect(numbersOf(driver.launched[0].parameters)).toEqual({
      ...dims,
      slices: 2,
      segments: 2,
      tokens: 150,
    });
    await one.dispose();
    expect(engine.card.liveBytes).toBe(0);
  });

  it("are compiled for what a problem has", async () => {
    const { compiler, engine } = await opened();
    const problem = randomProblem(ssd, {
      dims,
      with: ["dt", "dtBias", "D", "z", "initialState"],
      settings: { softplus: true, dtMax: 0.1 },
    });
    await recurrentCuda.prepare(engine, problem, { make: "walk-split" });
    const ends = compiler.asked.find(({ options }) => options.includes("-DOUTPUTS=0"));
    const outputs = compiler.asked.find(({ options }) => options.includes("-DHAS_D=2"));
    for (const wanted of ["KIND=KIND_f32", "SPLIT=1", "SHARED_DECAY=1", "RATES=0", "HAS_STEP=1", "LIMITS=1"])
      for (const asked of [ends, outputs]) expect(asked?.options).toContain(`-D${wanted}`);
    expect(ends?.options).toContain("-DHAS_Z=0");
    expect(outputs?.options).toContain("-DHAS_Z=1");
  });
});

describe("refuses with a sentence", () => {
  const reason = (state: number, make: string) =>
    unsupportedReason(scanCuda, randomProblem(selectiveScan, { dims: { ...dims, state } }), { make });

  it.each([
    ["a longer state", reason(1025, "walk"), "needs state of at most 1024, got 1025"],
    ["an unknown make", reason(16, "tile"), "needs make walk or walk-split, got tile"],
    ["nothing else", reason(1024, "walk-split"), undefined],
  ])("%s", (_what, found, expected) => expect(found).toBe(expected));
});
