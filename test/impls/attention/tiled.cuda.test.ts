/** Tiled attention on a fake driver: its launch, the table of spans, what it is compiled for, what it refuses. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { roomBytes, tilesFor } from "../../../impls/attention/cuda/plan.js";
import { attention } from "../../../impls/attention/index.js";
import { tiledCuda } from "../../../impls/attention/tiled.cuda.js";
import { open } from "../../../impls/engines/cuda.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { randomProblem } from "../../../impls/operator.js";
import { A100, FakeCompiler, FakeDriver, H100 } from "../engines/cuda/fake.js";

const cache = mkdtempSync(join(tmpdir(), "dualbench-cubins-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const dims = { batch: 2, length: 300, context: 300, heads: 4, groups: 2, headDim: 64, headDimV: 64 };
type Given = Parameters<typeof randomProblem<typeof attention>>[1];
const problemOf = (more: Partial<typeof dims> = {}, given: Omit<Given, "dims"> = {}) =>
  randomProblem(attention, { dims: { ...dims, ...more }, dtype: "f16", ...given });

async function prepared(problem: ReturnType<typeof problemOf>, make: string, card = H100) {
  const driver = new FakeDriver([card]);
  const compiler = new FakeCompiler();
  const libraries = { driver: () => driver.calls, compiler: () => compiler, cache: join(cache, make) };
  const engine = await open("0", {}, libraries);
  const one = await tiledCuda.prepare(engine, problem, { make });
  driver.launched.length = 0;
  await engine.once((lane) => one.run(lane));
  const asked = compiler.asked.find(({ options }) => options.includes("-DCAUSAL=1"));
  return { driver, engine, one, launched: driver.launched, options: asked?.options };
}

describe("the launch", () => {
  it("has a workgroup for each head and tile of queries, maps of Q, K and V", async () => {
    const { launched, one, engine } = await prepared(problemOf(), "wgmma");
    expect(launched.map(({ name, config }) => [name, config.gridX, config.blockX])).toEqual([
      ["attend", 2 * 4 * 2, 512],
    ]);
    expect(launched[0].parameters.map((bytes) => bytes.length)).toEqual([80, 128, 128, 128]);
    await one.dispose();
    expect(engine.card.liveBytes).toBe(0);
  });

  it("has no maps where products are of 16 x 8 x 16", async () => {
    const { launched, options } = await prepared(problemOf({ headDim: 5, headDimV: 3 }), "mma", A100);
    expect(launched[0].config).toMatchObject({ gridX: 5 * 4 * 2, blockX: 128 });
    expect(launched[0].parameters.length).toBe(1);
    for (const wanted of ["WIDE=0", "MMA_SYNC=1", "CAUSAL=1", "SPANS=0"])
      expect(options).toContain(`-D${wanted}`);
  });

  it("reads which keys a query sees from a table where documents or a window narrow them", async () => {
    const { driver, launched, options } = await prepared(problemOf({}, { settings: { window: 7 } }), "wgmma");
    expect(options).toContain("-DSPANS=1");
    const [parameters] = launched[0].parameters;
    const address = new BigUint64Array(parameters.slice(24, 32).buffer)[0];
    const table = new Int32Array(driver.memory.get(address)!.buffer, 0, 2 * 600);
    expect([...table.slice(0, 4)]).toEqual([0, 1, 0, 2]);
    expect([...table.slice(598, 602)]).toEqual([293, 300, 0, 1]);
  });

  it("takes a negative scale for what it is", async () => {
    const { launched, options } = await prepared(problemOf({}, { settings: { scale: -0.5 } }), "wgmma");
    expect(options).toContain("-DNEGATIVE=1");
    const scale = new DataView(launched[0].parameters[0].slice(72, 76).buffer).getFloat32(0, true);
    expect(scale).toBe(Math.fround(-0.5 * Math.LOG2E));
  });
});

it("fits a card's shared memory at every width", () => {
  for (const headDim of [8, 64, 128, 192, 256])
    for (const headDimV of [8, 64, 128, 192, 256]) {
      const problem = problemOf({ headDim, headDimV });
      expect(roomBytes(problem, tilesFor(problem, true))).toBeLessThanOrEqual(166_912);
      expect(roomBytes(problem, tilesFor(problem, false)), `${headDim} ${headDimV}`).toBeLessThanOrEqual(
        232_448,
      );
    }
});

describe("refuses with a sentence", () => {
  const reason = (more: Partial<typeof dims>, make: string, dtype = "f16") =>
    unsupportedReason(tiledCuda, { ...problemOf(more), dtype } as ReturnType<typeof problemOf>, { make });

  it.each([
    ["f32", reason({}, "mma", "f32"), "needs dtype f16 or bf16, got f32"],
    ["an unknown make", reason({}, "tile"), "needs make wgmma or mma, got tile"],
    [
      "more channels",
      reason({ headDim: 264 }, "mma"),
      "needs headDim and headDimV of at most 256, got headDim=264 headDimV=64",
    ],
    [
      "rows that no copy engine takes",
      reason({ headDim: 5 }, "wgmma"),
      "make wgmma needs headDim and headDimV divisible by 8, got headDim=5 headDimV=64",
    ],
    ["nothing that is for every card", reason({ headDim: 5, headDimV: 200 }, "mma"), undefined],
  ])("%s", (_what, found, expected) => expect(found).toBe(expected));
});
