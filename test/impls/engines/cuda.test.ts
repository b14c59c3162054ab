/** The engine over a fake driver: its inputs, its inspection, its clock, and each way in which it can be absent or fail. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { launch, makeKernel, pack } from "../../../impls/engines/cuda/device/kernel.js";
import { bfloatValue } from "../../../impls/engines/cuda/problem/storage.js";
import { open } from "../../../impls/engines/cuda.js";
import { EngineAbsent, EngineCrashed } from "../../../impls/engines/engine.js";
import { firstThatLoads } from "../../../impls/engines/libraries/koffi.js";
import { gatherLane, laneView } from "../../../impls/lanes.js";
import { givenProblem, inputDtype, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/index.js";
import { type RandomTensor, roundTo, toFloat32 } from "../../../impls/tensor.js";
import { A100, FakeCompiler, FakeDriver, H100, V100 } from "./cuda/fake.js";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "dualbench-cubins-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const dims = { batch: 1, length: 5, heads: 3, groups: 1, headDim: 4, state: 8 };
const copyUrl = new URL("../../../impls/engines/cuda/clock/copy.cu", import.meta.url);

function opened(driver = new FakeDriver(), compiler = new FakeCompiler(), device = "0") {
  return open(device, {}, { driver: () => driver.calls, compiler: () => compiler, cache });
}

const absent = (message: RegExp) =>
  expect.objectContaining({ name: "EngineAbsent", message: expect.stringMatching(message) });

describe("absence, one sentence each", () => {
  const failing = (what: "driver" | "compiler", message: string) => {
    const fail = () => {
      throw new Error(message);
    };
    const libraries = { driver: () => new FakeDriver().calls, compiler: () => new FakeCompiler(), cache };
    return open("0", {}, { ...libraries, [what]: fail });
  };

  it("no driver", async () => {
    await expect(failing("driver", "no NVIDIA driver")).rejects.toEqual(absent(/^no NVIDIA driver$/));
  });
  it("no NVRTC", async () => {
    await expect(failing("compiler", "no NVRTC")).rejects.toEqual(absent(/^no NVRTC$/));
  });
  it("a driver without a card", async () => {
    await expect(opened(new FakeDriver([]))).rejects.toEqual(absent(/cuInit says CUDA_ERROR_100/));
  });
  it("a number that no card has", async () => {
    await expect(opened(new FakeDriver(), new FakeCompiler(), "1")).rejects.toEqual(
      absent(/no CUDA device 1: the driver lists NVIDIA H100 80GB HBM3 GPU-[0-9a-f]{8}-/),
    );
  });
  it("a name instead of a number", async () => {
    await expect(opened(new FakeDriver(), new FakeCompiler(), "first")).rejects.toBeInstanceOf(EngineAbsent);
  });
  it("a card older than the kernels", async () => {
    await expect(opened(new FakeDriver([V100]))).rejects.toEqual(
      absent(/V100.* capability 7; .* 8 or newer/),
    );
  });
});

describe("this machine's own libraries", () => {
  const driver = firstThatLoads(["libcuda.so.1"]);
  const systemLibraries = ["libc.so.6", "libSystem.dylib", "msvcrt.dll"];
  it.skipIf(!("failures" in driver))(
    `without a driver the engine is absent${"failures" in driver ? "" : ": not here, where there is one"}`,
    async () => {
      await expect(open()).rejects.toEqual(
        absent(/^no NVIDIA driver: libcuda\.so\.1 cannot be loaded; install/),
      );
    },
  );

  it("are looked for in order; what does not load is passed over, and named where nothing loads", () => {
    const found = firstThatLoads(["libdualbench-lost.so", ...systemLibraries]);
    if ("failures" in found) throw new Error(found.failures.join("; "));
    const { abs, missing } = found.bind<{ abs(value: number): number; missing?(): void }>({
      abs: "int abs(int value)",
      missing: "?void dualbench_missing()",
    });
    expect(systemLibraries).toContain(found.file);
    expect([abs(-7), missing]).toEqual([7, undefined]);
    expect(() => found.bind<{ missing(): void }>({ missing: "void dualbench_missing()" })).toThrow("missing");
    expect(firstThatLoads(["libdualbench-lost.so"])).toEqual({
      failures: [expect.stringContaining("libdualbench-lost.so")],
    });
  });
});

it("tells cards apart by number, name and UUID", async () => {
  const driver = new FakeDriver([H100, A100]);
  const [first, second] = [await opened(driver), await opened(driver, new FakeCompiler(), "1")];
  expect(first.device.key).toBe("nvidia-h100-80gb-hbm3");
  expect(second.device.key).toBe("nvidia-a100-sxm4-80gb-1");
  expect(first.device.details.uuid).not.toBe(second.device.details.uuid);
  expect(first.device.details).toMatchObject({ computeCapability: 9, driver: "13.0", nvrtc: "0.0" });
});

describe("a problem", () => {
  const problem = randomProblem(ssd, { dims, dtype: "f16", with: ["dt", "D"], seed: 3 });

  it.each(["f16", "bf16"] as const)(
    "has the inputs of impls/random.ts in %s, bit for bit",
    async (storage) => {
      const driver = new FakeDriver();
      const stage = (await opened(driver)).stage(ssd, { ...problem, dtype: storage });
      for (const name of ["X", "logA", "B", "dt", "D"]) {
        const dtype = inputDtype(ssd, { ...problem, dtype: storage }, name) as "f32" | "f16" | "bf16";
        const source = (problem.inputs as Record<string, Parameters<typeof toFloat32>[0]>)[name];
        const expected = toFloat32(source, dtype);
        const { buffer } = driver.memory.get(stage.input(name))!;
        const seen =
          dtype === "f32"
            ? new Float32Array(buffer, 0, expected.length)
            : Float32Array.from(
                new Uint16Array(buffer, 0, expected.length),
                dtype === "f16" ? halfFrom : bfloatValue,
              );
        expect(seen).toEqual(expected);
      }
      expect(stage.input("z")).toBe(0n);
    },
  );

  it("has rows of another seed where the problem has them", async () => {
    const driver = new FakeDriver();
    const source = { ...(problem.inputs.X as RandomTensor), patch: { seed: 9, firstRow: 1, rows: 3 } };
    const patched = { ...problem, inputs: { ...problem.inputs, X: source } };
    const stage = (await opened(driver)).stage(ssd, patched);
    const expected = toFloat32(source, "f16");
    const bytes = driver.memory.get(stage.input("X"))!;
    expect(Float32Array.from(new Uint16Array(bytes.buffer, 0, expected.length), halfFrom)).toEqual(expected);
    expect(expected).not.toEqual(toFloat32(problem.inputs.X as RandomTensor, "f16"));
  });

  it("takes given values, each rounded once", async () => {
    const driver = new FakeDriver();
    const values = Float64Array.from({ length: 60 }, (_, i) => 1 / (3 + i));
    const given = givenProblem(ssd, {
      dims,
      dtype: "f16",
      inputs: { X: values, logA: new Float64Array(15), B: new Float64Array(40), C: new Float64Array(40) },
    });
    const stage = (await opened(driver)).stage(ssd, given);
    const bytes = driver.memory.get(stage.input("X"))!;
    const seen = Array.from(new Uint16Array(bytes.buffer, 0, 60), halfFrom);
    expect(seen).toEqual(Array.from(values, (value) => roundTo("f16", value)));
  });

  it("is poisoned, read and inspected on the device", async () => {
    const driver = new FakeDriver();
    const stage = (await opened(driver)).stage(ssd, problem);
    const [Y, finalState] = [stage.output("Y"), stage.output("finalState", "f32")];
    const prepared = stage.prepared();
    await prepared.poison();
    const poisoned = await prepared.inspect([]);
    expect(poisoned.nonFinite).toMatchObject({ output: "Y", index: 0, total: 60 });
    new Uint16Array(driver.memory.get(Y)!.buffer).fill(0x3c00);
    const states = new Float32Array(driver.memory.get(finalState)!.buffer, 0, 96);
    for (let i = 0; i < 96; i++) states[i] = i / 7;
    const lanes = [
      { kind: "element", index: 2 },
      { kind: "projection", index: 1 },
    ] as const;
    const seen = await prepared.inspect(lanes);
    const whole = await prepared.read();
    expect(seen.nonFinite).toBeUndefined();
    expect(seen.fingerprint).not.toBe(poisoned.fingerprint);
    for (const [l, lane] of lanes.entries())
      for (const name of ["Y", "finalState"] as const)
        expect(seen.lanes[l][name]).toEqual(gatherLane(whole[name], laneView(ssd, problem, name, lane)));
    states[95] = Number.POSITIVE_INFINITY;
    expect((await prepared.inspect([])).nonFinite).toMatchObject({
      output: "finalState",
      index: 95,
      total: 1,
    });
  });

  it("gives its memory back, also when it does not fit", async () => {
    const driver = new FakeDriver();
    const engine = await opened(driver);
    const before = driver.liveBytes;
    const stage = engine.stage(ssd, problem);
    stage.input("X");
    expect(driver.liveBytes).toBeGreaterThan(before);
    expect(() => stage.scratch("states", 90 * 2 ** 30)).toThrow(
      /states needs \d+ bytes, this card has \d+ free \(out of memory\)/,
    );
    expect(driver.liveBytes).toBe(before);
    expect(engine.card.liveBytes).toBe(0);
  });
});

describe("the clock", () => {
  async function oneKernel(driver: FakeDriver) {
    const engine = await opened(driver);
    const source = { urls: [copyUrl], entry: "copy" };
    const kernel = makeKernel(engine.card, engine.card.kernel(source), { blocks: 2, threads: 256 }, [
      pack([1n, 2n, 3n]),
    ]);
    return { engine, kernel };
  }

  it("is the device's, around replays of one graph", async () => {
    const driver = new FakeDriver();
    const { engine, kernel } = await oneKernel(driver);
    const run = (lane: { kernel(one: typeof kernel): void }) => lane.kernel(kernel);
    const timing = await engine.time(run, 5);
    expect(timing.deviceNs).toBeCloseTo(driver.launchNs, 0);
    await engine.time(run, 3);
    const count = (name: string) => driver.recorded.filter((one) => one === name).length;
    expect(count("cuGraphLaunch")).toBe(8);
    expect(count("cuGraphInstantiateWithFlags")).toBe(1);
  });

  it("overwrites the caches first when they are to be cold", async () => {
    const driver = new FakeDriver();
    const { engine, kernel } = await oneKernel(driver);
    const timing = await engine.timeCold((lane) => lane.kernel(kernel));
    expect(driver.launched.map(({ name }) => name)).toEqual(["fill", "copy"]);
    expect(timing.deviceNs).toBeCloseTo(driver.launchNs, 0);
  });

  it("measures a roofline and frees what it took", async () => {
    const driver = new FakeDriver();
    const engine = await opened(driver);
    const before = driver.liveBytes;
    const { bytesPerS, flopsPerS } = await engine.ceilings();
    expect(bytesPerS).toBeCloseTo((2 * 2 ** 30) / (driver.launchNs / 1e9), -8);
    expect(flopsPerS?.f16).toBeGreaterThan(flopsPerS?.f32 ?? 0);
    expect(driver.liveBytes).toBe(before);
  });

  it("ends a capture that fails, and times nothing that launches nothing", async () => {
    const driver = new FakeDriver();
    const { engine, kernel } = await oneKernel(driver);
    driver.failing.set("cuLaunchKernelEx", 1);
    await expect(engine.time((lane) => lane.kernel(kernel), 1)).rejects.toThrow(
      "launch of copy: CUDA_ERROR_1, words of error 1",
    );
    expect(driver.recorded.at(-1)).toBe("cuStreamEndCapture");
    await expect(engine.time(() => {}, 1)).rejects.toThrow("launches nothing");
    expect(engine.isLost?.()).toBe(false);
  });

  it("names the kernel behind a fault, and is lost after it", async () => {
    const driver = new FakeDriver();
    const { engine, kernel } = await oneKernel(driver);
    driver.failing.set("copy", 700);
    await expect(engine.once((lane) => lane.kernel(kernel))).rejects.toThrow(
      "the CUDA context was lost: copy: CUDA_ERROR_700, words of error 700",
    );
    expect(engine.isLost?.()).toBe(true);
    await expect(engine.once((lane) => lane.kernel(kernel))).rejects.toBeInstanceOf(EngineCrashed);
    expect(() => launch(engine.card, kernel)).toThrow("the CUDA context was lost: copy");
    engine.close();
  });
});

describe("compiled kernels", () => {
  const source = { urls: [copyUrl], entry: "copy", defines: { STEP: 4 } };

  it("are kept in a folder of the user's own, by source, options, architecture and compiler", async () => {
    const compiler = new FakeCompiler();
    const first = (await opened(new FakeDriver(), compiler)).card.kernel(source);
    const again = (await opened(new FakeDriver(), compiler)).card.kernel(source);
    expect(compiler.asked).toHaveLength(1);
    expect(compiler.asked[0].options).toEqual([
      "--std=c++17",
      "--device-as-default-execution-space",
      "-DSTEP=4",
      "--gpu-architecture=sm_90a",
    ]);
    expect(again.hash).toBe(first.hash);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    const other = (await opened(new FakeDriver([A100]), compiler)).card.kernel(source);
    expect(other.hash).not.toBe(first.hash);
    expect(compiler.asked[1].options.at(-1)).toBe("--gpu-architecture=sm_80");
  });

  it("are not taken from a folder that others may write to", async () => {
    const compiler = new FakeCompiler();
    (await opened(new FakeDriver(), compiler)).card.kernel(source);
    const { chmodSync } = await import("node:fs");
    chmodSync(cache, 0o777);
    (await opened(new FakeDriver(), compiler)).card.kernel(source);
    expect(compiler.asked).toHaveLength(2);
  });
});

function halfFrom(bits: number): number {
  const [sign, exponent, part] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return exponent === 0 ? sign * part * 2 ** -24 : sign * (1 + part / 1024) * 2 ** (exponent - 15);
}
