/** A user's CUDA: launches and parameters as the header says, on a driver without a card; NVRTC's own words where it is installed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Compiler, loadCompiler } from "../../../impls/engines/cuda/host/nvrtc.js";
import { complaint } from "../../../impls/engines/cuda/problem/foreign.js";
import { kindsOf } from "../../../impls/engines/cuda/problem/parameters.js";
import { open } from "../../../impls/engines/cuda.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { implementationOf } from "../../../impls/languages/index.js";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { FakeCompiler, FakeDriver } from "../engines/cuda/fake.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-cuda-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const template = readFileSync(new URL("../../../examples/kernels/ssd.cu", import.meta.url), "utf8");

function edit(piece: string, instead: string): string {
  expect(template).toContain(piece);
  return template.replace(piece, () => instead);
}

const dims = { batch: 3, length: 5, heads: 4, groups: 2, headDim: 70, state: 6 };
const problem = randomProblem(ssd, { dims, with: ["dt"] });

async function prepared(text: string, compiler: Compiler = new FakeCompiler(), driver = new FakeDriver()) {
  const file = join(folder, "mine.cu");
  writeFileSync(file, text);
  const impl = implementationOf(file, text);
  const engine = await open("0", {}, { driver: () => driver.calls, compiler: () => compiler, cache: folder });
  const [options] = (await impl.options?.(problem, engine as never)) ?? [];
  const refused = unsupportedReason(impl, problem, options ?? {}, engine);
  if (refused !== undefined) throw new Error(`unsupported: ${refused}`);
  const held = await impl.prepare(engine as never, problem, options ?? {});
  return { driver, run: () => engine.once((launch) => held.run(launch)) };
}

const words = (parameters: readonly Uint8Array[]) =>
  parameters.filter(({ length }) => length === 4).map(({ buffer }) => new Int32Array(buffer)[0]);

describe("a launch", () => {
  it("has the grid, block and parameters of the header", async () => {
    const { driver, run } = await prepared(
      edit('"block": 64', '"block": [32, 2], "sharedBytes": "4 * state"'),
    );
    await run();
    const { config, parameters } = driver.launched.find(({ name }) => name === "ssd")!;
    expect(config).toMatchObject({
      gridX: 2,
      gridY: 4,
      gridZ: 3,
      blockX: 32,
      blockY: 2,
      blockZ: 1,
      sharedBytes: 24,
    });
    expect(parameters.map(({ length }) => length)).toEqual([8, 8, 8, 8, 8, 8, 8, 4, 4, 4, 4, 4]);
    expect(words(parameters)).toEqual([5, 4, 2, 70, 6]);
    const addresses = parameters.slice(0, 7).map(({ buffer }) => new BigUint64Array(buffer)[0]);
    expect(new Set(addresses).size).toBe(7);
    expect(addresses.every((address) => driver.memory.has(address))).toBe(true);
  });

  it("compiles with macros, flags and the file's own folder, and keeps nothing", async () => {
    const compiler = new FakeCompiler();
    const text = edit(
      '"rounding"',
      '"constants": { "WIDE": "2 * heads" }, "flags": ["--use_fast_math"], "rounding"',
    );
    await prepared(text, compiler);
    await prepared(text, compiler);
    const own = compiler.asked.filter(({ name }) => name === "mine.cu");
    expect(own).toHaveLength(2);
    expect(own[0].options).toEqual(
      expect.arrayContaining(["-DWIDE=8", "--use_fast_math", `--include-path=${folder}`]),
    );
  });

  it.each([
    [
      "arguments that are too few",
      edit('"headDim", "state"]', '"headDim"]'),
      /do not fit ssd of mine\.cu, which takes 12: const float \*X/,
    ],
    [
      "a number for a pointer",
      edit('["X",', '["batch",'),
      /gives ssd of mine\.cu the number batch for its parameter const float \*X/,
    ],
    [
      "a tensor for a number",
      edit('"heads", "groups", "headDim", "state"]', '"heads", "groups", "headDim", "X"]'),
      /the tensor X for its parameter int state/,
    ],
    [
      "an entry that is not there",
      edit('"entry": "ssd"', '"entry": "sdd"'),
      /mine\.cu has no __global__ function sdd/,
    ],
    ["a name that the driver does not know", edit('extern "C" ', ""), /ssd must be declared extern "C"/],
    [
      "a type that no header gives",
      edit("int state)", "Sizes state)"),
      /ssd takes Sizes state; a header gives pointers, int, unsigned/,
    ],
    ["an input that it does not take", edit('"dt", ', ""), /unsupported: takes no dt/],
  ])("tells of %s", async (_, text, message) => {
    await expect(prepared(text)).rejects.toThrow(message);
  });
});

describe("what is read of a text", () => {
  it("knows parameters of every kind", () => {
    const text =
      'extern "C" { __global__ void __launch_bounds__(256, 2) k(const float *__restrict__ a, float b[], unsigned long long c, ' +
      "std::size_t d, float e, const int f, bool g) {} }";
    expect(kindsOf("k.cu", text, "k").map(({ kind }) => kind)).toEqual([
      ...["pointer", "pointer", "u64", "u64", "f32", "i32", "bool"],
    ]);
  });

  it("tells a compiler's errors with their lines, and how many more", () => {
    const log = [1, 2, 3, 4, 5]
      .map((line) => `mine.cu(${line}): error: identifier "x${line}" is undefined\n`)
      .join("");
    expect(complaint(new Error(`mine.cu: NVRTC_ERROR_COMPILATION: ${log}`))).toBe(
      'mine.cu:1: identifier "x1" is undefined; mine.cu:2: identifier "x2" is undefined; ' +
        'mine.cu:3: identifier "x3" is undefined; and 2 more errors',
    );
  });
});

function compilerHere(): Compiler | string {
  try {
    return loadCompiler();
  } catch (error) {
    return (error as Error).message;
  }
}
const compiler = compilerHere();

if (typeof compiler === "string") it.skip(`files of CUDA are not compiled here: ${compiler}`, () => {});
else
  describe(`NVRTC ${compiler.version}`, () => {
    it.each(["ssd", "ssd_chunked"])("compiles %s", async (name) => {
      const text = readFileSync(new URL(`../../../examples/kernels/${name}.cu`, import.meta.url), "utf8");
      const { driver, run } = await prepared(text, compiler);
      await run();
      expect(driver.launched.map((launch) => launch.name)).toContain("ssd");
    });

    it("tells an error with the file's own line", async () => {
      const text = edit("float y = 0;", "float y = zero;");
      const line = text.split("\n").findIndex((one) => one.includes("zero")) + 1;
      await expect(prepared(text, compiler)).rejects.toThrow(
        new RegExp(`^mine\\.cu:${line}: identifier "zero" is undefined`),
      );
    });
  });
