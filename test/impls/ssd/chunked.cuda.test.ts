/** The chunked form on a fake driver: which kernels it launches, how they are compiled, what it refuses and why. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { open } from "../../../impls/engines/cuda.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { randomProblem } from "../../../impls/operator.js";
import { chunkedCuda } from "../../../impls/ssd/chunked.cuda.js";
import { ssd } from "../../../impls/ssd/index.js";
import { A100, FakeCompiler, FakeDriver, H100 } from "../engines/cuda/fake.js";

const cache = mkdtempSync(join(tmpdir(), "dualbench-cubins-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const figure = { batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64, state: 64 };

function problemOf(
  dims: Partial<typeof figure>,
  inputs: readonly ("dt" | "D" | "z" | "initialState")[] = [],
) {
  return randomProblem(ssd, { dims: { ...figure, ...dims }, dtype: "f16", with: inputs });
}

async function prepared(
  dims: Partial<typeof figure>,
  make: string,
  { card = H100, inputs = ["dt"] as readonly ("dt" | "D" | "z" | "initialState")[] } = {},
) {
  const driver = new FakeDriver([card]);
  const compiler = new FakeCompiler();
  const engine = await open(
    "0",
    {},
    { driver: () => driver.calls, compiler: () => compiler, cache: join(cache, make) },
  );
  const problem = problemOf(dims, inputs);
  const one = await chunkedCuda.prepare(engine, problem, { chunk: 64, make });
  driver.launched.length = 0;
  await engine.once((lane) => one.run(lane));
  return { driver, engine, one, launched: driver.launched, asked: compiler.asked };
}

/** Whole numbers at the end of `struct Problem` in chunked.tiles.cu, behind thirteen addresses. */
function numbersOf([parameters]: readonly Uint8Array[]) {
  const [batch, length, heads, groups, headDim, state, slices, pairs, chunks, segments] = new Int32Array(
    parameters.slice(13 * 8).buffer,
  );
  return { batch, length, heads, groups, headDim, state, slices, pairs, chunks, segments };
}

describe("launches", () => {
  it("are states, scan and outputs where workgroups are few; the later ones start early", async () => {
    const { launched } = await prepared({}, "wgmma");
    expect(launched.map(({ name }) => name)).toEqual(["segment_states", "pass_states", "segment_outputs"]);
    expect(launched.map(({ config }) => config.gridX)).toEqual([264, 256, 264]);
    expect(launched.map(({ config }) => config.attributes.map(({ id }) => id))).toEqual([[], [6], [6]]);
    expect(numbersOf(launched[2].parameters)).toEqual({
      ...{ batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64, state: 64 },
      ...{ slices: 1, pairs: 8, chunks: 64, segments: 33 },
    });
    // the tensor maps of X, B and C
    expect(launched[2].parameters.map((one) => one.length)).toEqual([144, 128, 128, 128]);
  });

  it("are the outputs alone where workgroups fill the card, with no memory for states at borders", async () => {
    const { launched, one } = await prepared({ batch: 32, length: 256 }, "wgmma");
    expect(launched.map(({ name }) => name)).toEqual(["segment_outputs"]);
    expect(numbersOf(launched[0].parameters)).toMatchObject({ segments: 1, pairs: 8 });
    const tensors =
      2 * 32 * 256 * 16 * 64 * 2 + 2 * 32 * 256 * 64 * 2 + 2 * 32 * 256 * 16 * 4 + 32 * 16 * 64 * 64 * 4;
    expect(one.bytes).toBe(tensors);
  });

  it("take odd numbers of slices, and heads of 128 as two slices", async () => {
    const odd = await prepared({ heads: 9, groups: 3, headDim: 64 }, "wgmma");
    expect(numbersOf(odd.launched[0].parameters)).toMatchObject({ slices: 1, pairs: 2 });
    const wide = await prepared({ heads: 6, groups: 2, headDim: 128 }, "wgmma");
    expect(numbersOf(wide.launched[0].parameters)).toMatchObject({ slices: 2, pairs: 3 });
  });

  it("have no tensor maps where products are of 16 x 8 x 16", async () => {
    const { launched } = await prepared({ headDim: 5, state: 7 }, "mma", { card: A100 });
    expect(launched.every(({ parameters }) => parameters.length === 1)).toBe(true);
    expect(launched.every(({ config }) => config.attributes.length === 0)).toBe(true);
  });

  it("keep at most 6% of the states of all chunks at 65,536 tokens, 8% at 256 columns", async () => {
    for (const [state, share] of [
      [64, 0.06],
      [256, 0.08],
    ]) {
      const { one } = await prepared({ length: 65_536, state }, "wgmma");
      const tensors =
        2 * 65_536 * 1024 * 2 + 2 * 65_536 * state * 2 + 2 * 65_536 * 16 * 4 + 16 * 64 * state * 4;
      const chunkStates = 1024 * 16 * 64 * state * 4;
      expect((one.bytes - tensors) / chunkStates, `state ${state}`).toBeLessThanOrEqual(share);
    }
  });

  it("give all memory back", async () => {
    const { driver, one, engine } = await prepared({}, "wgmma-exact");
    await one.dispose();
    expect(engine.card.liveBytes).toBe(0);
    expect(driver.liveBytes).toBe(0);
  });
});

describe("compiled for", () => {
  it("the padded state, the inputs that are there, and the architecture", async () => {
    const { asked } = await prepared({ state: 40, headDim: 24 }, "wgmma", { inputs: ["D", "z"] });
    const { options } = asked.find(({ options }) => options.includes("-DENTRY_SEGMENT_OUTPUTS=1"))!;
    for (const wanted of [
      "NPAD=64",
      "WIDE=1",
      "HAS_DT=0",
      "HAS_D=2",
      "HAS_Z=1",
      "MMA_SYNC=0",
      "LOCAL_HALF=1",
    ])
      expect(options).toContain(`-D${wanted}`);
    expect(options.at(-1)).toBe("--gpu-architecture=sm_90a");
  });

  it("segments of one chunk where the card holds as many workgroups as there are chunks", async () => {
    const outputs = (asked: readonly { options: readonly string[] }[]) =>
      asked
        .filter(({ options }) => options.includes("-DENTRY_SEGMENT_OUTPUTS=1"))
        .map(({ options }) => options);
    const short = await prepared({ length: 1024 }, "wgmma");
    expect(short.launched.map(({ name }) => name)).toEqual([
      "segment_states",
      "pass_states",
      "segment_outputs",
    ]);
    expect(numbersOf(short.launched[2].parameters)).toMatchObject({ chunks: 16, segments: 16 });
    for (const options of outputs(short.asked)) {
      expect(options).toContain("-DONE_CHUNK=1");
      expect(options).toContain("-DFINAL_BY_SCAN=1");
    }
    for (const [dims, final] of [
      [{}, 0],
      [{ state: 256 }, 1],
    ] as const)
      for (const options of outputs((await prepared(dims, "wgmma")).asked)) {
        expect(options).toContain("-DONE_CHUNK=0");
        expect(options).toContain(`-DFINAL_BY_SCAN=${final}`);
      }
  });

  it("what the card is where no instruction of Hopper's alone is used", async () => {
    const { asked } = await prepared({}, "mma", { card: A100 });
    const last = asked.at(-1)!.options;
    expect(last).toContain("-DMMA_SYNC=1");
    expect(last.at(-1)).toBe("--gpu-architecture=sm_80");
  });
});

describe("refuses with a sentence", () => {
  const reason = (dims: Partial<typeof figure>, options: { make?: string; chunk?: number }, dtype = "f16") =>
    unsupportedReason(chunkedCuda, { ...problemOf(dims), dtype } as ReturnType<typeof problemOf>, options);

  it.each([
    ["another dtype", reason({}, {}, "f64"), "needs dtype f32 or f16 or bf16, got f64"],
    ["halves' products of f32", reason({}, { make: "mma" }, "f32"), "in f32 needs make mma-tf32x3, got mma"],
    ["a long state of f32", reason({ state: 129 }, {}, "f32"), "in f32 needs state of at most 128, got 129"],
    ["another chunk", reason({}, { chunk: 32 }), "needs chunk 64, got 32"],
    ["an unknown make", reason({}, { make: "tile" }), "needs make wgmma, wgmma-exact, mma, got tile"],
    ["a longer state", reason({ state: 257 }, {}), "needs state of at most 256, got 257"],
    [
      "rows that no copy engine takes",
      reason({ headDim: 5 }, { make: "wgmma" }),
      "make wgmma needs headDim and state divisible by 8, got headDim=5 state=64",
    ],
  ])("%s", (_what, found, expected) => expect(found).toBe(expected));

  it("nothing that the kernels for every shape take", () => {
    expect(reason({ headDim: 5, state: 7, length: 3 }, { make: "mma" })).toBeUndefined();
  });

  it("what an A100 lacks, and offers it what it has", async () => {
    const { engine } = await prepared({}, "mma", { card: A100 });
    expect(chunkedCuda.unsupported?.(problemOf({}), { make: "wgmma" }, engine)).toBe(
      "make wgmma needs a card of compute capability 9.0, this one has 8",
    );
    expect(chunkedCuda.unsupported?.(problemOf({ state: 256 }), { make: "mma" }, engine)).toBe(
      "state=256 needs 232448 bytes of shared memory, this card has 166912",
    );
    expect(await chunkedCuda.options?.(problemOf({}), engine)).toEqual([{ chunk: 64, make: "mma" }]);
  });
});
