/** Native TensorFlow, which no machine has by itself: one sentence without its package; with it, opened, verified, told in rows. */
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EngineAbsent } from "../../../../impls/engines/engine.js";
import { open } from "../../../../impls/engines/tfjs.js";
import { randomProblem } from "../../../../impls/operator.js";
import { chunkedTfjs } from "../../../../impls/ssd/chunked.tfjs.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import { fakeTensorFlow, LIBRARY } from "../../../fixtures/tensorflow/fake.js";
import { measuredRows } from "../../../suites/measure/in-process.js";

const GPU = "@tensorflow/tfjs-node-gpu";
const CPU = "@tensorflow/tfjs-node";

const reason = (device: string) => open(device).catch((error: unknown) => error);

describe("native TensorFlow", () => {
  afterEach(() => {
    vi.doUnmock(GPU);
    vi.doUnmock(CPU);
  });

  it("is found by Node where it is installed, and its absence is one sentence that says what to type", () => {
    const script = `
      import { register } from "node:module";
      import { open } from "./impls/engines/tfjs.js";
      const absent = await open("tensorflow").catch(({ name, message }) => ({ name, message }));
      register("./test/fixtures/tensorflow/resolve.mjs", "file://" + process.cwd() + "/");
      const { device, tf } = await open("tensorflow");
      process.stdout.write(JSON.stringify({ absent, device, backend: tf.getBackend() }));
    `;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
    );
    expect(stderr).toBe("");
    const { absent, device, backend } = JSON.parse(stdout);
    // a machine that has the real one is asked for nothing
    if (absent.name) {
      expect(absent.name).toBe("EngineAbsent");
      expect(absent.message).toBe(
        "no native TensorFlow is installed; to add it: npm install --no-save --save-prod @tensorflow/tfjs-node@4.22.0 (or " +
          "@tensorflow/tfjs-node-gpu@4.22.0 with CUDA 11.2; both download libtensorflow)",
      );
    }
    expect(backend).toBe("tensorflow");
    expect(device).toEqual({
      key: "tensorflow",
      name: "TensorFlow.js tensorflow",
      kind: "gpu",
      details: { tfjs: "4.22.0", backend: "tensorflow", libtensorflow: LIBRARY, gpu: true },
    });
  });

  it.each([
    ["a GPU package that found its GPU", GPU, true, "gpu"],
    ["a GPU package that found none", GPU, false, "cpu"],
    ["the package for CPUs", CPU, false, "cpu"],
  ] as const)("%s computes where it says", async (_what, name, gpu, kind) => {
    vi.doMock(name, () => fakeTensorFlow(gpu));
    const { device } = await open("tensorflow");
    expect(device.kind).toBe(kind);
    expect(device.details).toMatchObject({ libtensorflow: LIBRARY, gpu });
  });

  it("is the package for CPUs where that for GPUs is broken, and says why where both are", async () => {
    const broken = () => {
      throw new Error("libcudart.so.11.0: cannot open shared object file\n    at Module._load");
    };
    vi.doMock(GPU, broken);
    vi.doMock(CPU, () => fakeTensorFlow(false));
    expect(await open("tensorflow")).toMatchObject({ device: { key: "tensorflow", kind: "cpu" } });
    vi.doMock(CPU, broken);
    const error = (await reason("tensorflow")) as Error;
    expect(error).toBeInstanceOf(EngineAbsent);
    expect(error.message).toMatch(
      /tfjs-node-gpu cannot be used: .*; @tensorflow\/tfjs-node cannot be used: .*; to add/,
    );
    expect(error.message).not.toContain("\n");
  });

  it("is verified and timed as any device, and a row never takes its GPU for the machine's CPU", async () => {
    const dims = { batch: 1, length: 37, heads: 2, groups: 1, headDim: 3, state: 4 };
    const problem = randomProblem(ssd, { dims, with: ["dt", "D", "initialState"] });
    for (const gpu of [true, false]) {
      vi.doMock(GPU, () => fakeTensorFlow(gpu));
      const engine = await open("tensorflow");
      const [row, ...others] = await measuredRows(engine, [chunkedTfjs], problem);
      expect(others).toEqual([]);
      if (row?.status !== "measured") throw new Error(JSON.stringify(row));
      expect(row.id).toBe(
        "ssd/chunked.tfjs dtype=f32 batch=1 length=37 heads=2 groups=1 headDim=3 state=4 chunk=64 device=tensorflow",
      );
      expect(row.device).toBe(gpu ? "TensorFlow.js tensorflow" : "the machine's CPU");
      expect(row.lanesChecked).toBe(row.lanesTotal);
      expect(row.errorU).toBeLessThanOrEqual(row.boundU);
      expect(row.errorU).toBeGreaterThan(0);
      expect(row.details).toMatchObject({ backend: "tensorflow", libtensorflow: LIBRARY, gpu });
    }
  });
});
