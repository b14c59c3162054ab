/** The FFT form over a fake driver and a cuFFT that keeps what it is asked. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { channelsTogether, paddedLength } from "../../../impls/convolution/cuda/plan.js";
import { prepareFft } from "../../../impls/convolution/cuda/prepare.js";
import { fftCuda } from "../../../impls/convolution/fft.cuda.js";
import { convolution } from "../../../impls/convolution/index.js";
import { open } from "../../../impls/engines/cuda.js";
import { randomProblem } from "../../../impls/operator.js";
import { FakeCompiler, FakeDriver } from "../engines/cuda/fake.js";
import { FakeCufft } from "../engines/cuda/fake-cufft.js";

const cache = mkdtempSync(join(tmpdir(), "dualbench-cubins-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const dims = { batch: 2, length: 100, heads: 4, headDim: 3 };
const problem = randomProblem(convolution, { dims, dtype: "f16" });

async function opened(cufft = new FakeCufft()) {
  const driver = new FakeDriver();
  const libraries = { driver: () => driver.calls, compiler: () => new FakeCompiler(), cache };
  return { driver, cufft, engine: await open("0", {}, { ...libraries, cufft: () => cufft.calls }) };
}

describe("rows", () => {
  it("are padded to the shortest even length of small factors that nothing wraps around in", () => {
    for (const [length, padded] of [
      [1, 2],
      [2, 4],
      [100, 200],
      [4096, 8192],
      [4099, 8232],
      [8191, 16_384],
    ]) {
      expect(paddedLength(length), `${length}`).toBe(padded);
      expect(padded).toBeGreaterThanOrEqual(2 * length - 1);
    }
  });

  it("are transformed in equal parts of the channels that fit together", () => {
    expect(channelsTogether(1024, 8192)).toBe(512);
    expect(channelsTogether(12, 200)).toBe(12);
    expect(channelsTogether(7, 8192, 8 * 8194 * 3)).toBe(1);
    expect(channelsTogether(9, 8192, 8 * 8194 * 4)).toBe(3);
    expect(channelsTogether(5, 2 ** 26, 1)).toBe(1);
  });
});

describe("steps", () => {
  it("are the kernels' spectra once a part and each batch entry forth and back, on the engine's stream", async () => {
    const { driver, cufft, engine } = await opened();
    const one = prepareFft(engine, problem, 8 * 202 * 6);
    driver.launched.length = 0;
    await engine.once((lane) => one.run(lane));
    const entry = ["rows_of_signals", "multiply", "signals_of_rows"];
    const part = ["rows_of_kernels", ...entry, ...entry];
    expect(driver.launched.map(({ name }) => name)).toEqual([...part, ...part]);
    const transforms = ["R2C", "R2C", "C2R", "R2C", "C2R"];
    expect(cufft.done.map(({ kind }) => kind)).toEqual([...transforms, ...transforms]);
    expect(cufft.done.every(({ from, to }) => from === to)).toBe(true);
    expect([...cufft.plans.values()]).toEqual([
      { size: 200, from: 202, to: 101, type: 0x2a, rows: 6, stream: engine.card.stream, hasArea: true },
      { size: 200, from: 101, to: 202, type: 0x2c, rows: 6, stream: engine.card.stream, hasArea: true },
    ]);
    await one.dispose();
    expect(cufft.plans.size).toBe(0);
    expect(engine.card.liveBytes).toBe(0);
  });

  it("leave no memory and no plan behind where cuFFT refuses", async () => {
    const { cufft, engine } = await opened();
    cufft.failing = "cufftMakePlanMany64";
    expect(() => prepareFft(engine, problem)).toThrow("cuFFT forward plan of 12 rows of 200: error 5");
    expect(cufft.plans.size).toBe(0);
    expect(engine.card.liveBytes).toBe(0);
  });
});

it("takes no part where cuFFT is absent, with its sentence", async () => {
  const driver = new FakeDriver();
  const engine = await open(
    "0",
    {},
    {
      ...{ driver: () => driver.calls, compiler: () => new FakeCompiler(), cache },
      cufft: () => {
        throw new Error("no cuFFT");
      },
    },
  );
  expect(await fftCuda.absent?.(engine)).toBe("no cuFFT");
  expect(await fftCuda.absent?.((await opened()).engine)).toBeUndefined();
});
