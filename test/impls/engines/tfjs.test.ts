/** The engine's own promises: no tensor is left behind, nothing is printed, absence is a sentence, backends do not mix. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { backends } from "../../../impls/engines/tfjs/backends.js";
import { open, type TfjsEngine } from "../../../impls/engines/tfjs.js";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { dimsFrom, randomProblem } from "../../../impls/operator.js";
import { chunkedTfjs } from "../../../impls/ssd/chunked.tfjs.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { DEVICES } from "../tensor-ops.js";

const small: Record<string, number> = {
  batch: 1,
  length: 37,
  context: 37,
  heads: 2,
  groups: 1,
  headDim: 3,
  headDimV: 3,
  state: 4,
  ...{ modelDim: 5, inner: 6, rank: 2, width: 4, past: 3 },
};
const tensorImplementations = implementations.filter(({ engine }) => engine === "tfjs");

function smallProblem(operator: (typeof tensorImplementations)[number]["operator"]) {
  const isBlock = operator.name.endsWith("_block");
  const optional = Object.entries<{ optional?: true; axes: readonly string[] }>(operator.inputs)
    .filter(([, spec]) => spec.optional && operator.name !== "convolution")
    // a cache takes one token at a time
    .filter(([name, { axes }]) => !isBlock || (name !== "documents" && !axes.includes("context")))
    .map(([name]) => name);
  return randomProblem(operator, { dims: dimsFrom(operator, small, optional), with: optional as never[] });
}

describe.each(DEVICES)("tfjs on %s", async (device) => {
  const engine: TfjsEngine = await open(device);
  const reasons = await Promise.all(tensorImplementations.map((impl) => impl.absent?.(engine)));
  for (const reason of new Set(reasons)) if (reason) console.log(`not tested here: ${reason}`);
  const there = tensorImplementations.filter((_, i) => reasons[i] === undefined);

  it.each(there.map((impl) => [implementationName(impl), impl] as const))(
    "%s leaves no tensor behind, and repeats its bits",
    async (_name, impl) => {
      const problem = smallProblem(impl.operator);
      const before = engine.tf.memory().numTensors;
      const prepared = await impl.prepare(
        engine,
        problem,
        (await impl.options?.(problem, engine))?.[0] ?? {},
      );
      const afterPrepare = engine.tf.memory().numTensors;
      await engine.once(() => prepared.run(undefined));
      const first = await prepared.inspect([]);
      expect(engine.tf.memory().numTensors).toBe(afterPrepare);
      await prepared.poison();
      expect((await prepared.inspect([])).nonFinite?.total).toBeGreaterThan(0);
      const { hostNs } = await engine.time(() => prepared.run(undefined), 3);
      expect(hostNs).toBeGreaterThan(0);
      expect(engine.tf.memory().numTensors).toBe(afterPrepare);
      const second = await prepared.inspect([]);
      expect(second.nonFinite).toBeUndefined();
      expect(second.fingerprint).toBe(first.fingerprint);
      await prepared.dispose();
      expect(engine.tf.memory().numTensors).toBe(before);
      expect(prepared.bytes).toBeGreaterThan(0);
    },
  );

  it("measures its ceilings and leaves no tensor behind", async () => {
    const before = engine.tf.memory().numTensors;
    const { bytesPerS, flopsPerS } = await engine.ceilings();
    expect(bytesPerS).toBeGreaterThan(1e6);
    expect(flopsPerS?.f32).toBeGreaterThan(1e6);
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});

describe("two backends in one process", () => {
  it("each runs on its own", async () => {
    const [wasm, cpu] = [await open("wasm"), await open("cpu")];
    const problem = smallProblem(ssd);
    const onWasm = await chunkedTfjs.prepare(wasm, problem as never, { chunk: 8 });
    const onCpu = await chunkedTfjs.prepare(cpu, problem as never, { chunk: 8 });
    await wasm.once(() => onWasm.run());
    expect(wasm.tf.getBackend()).toBe("wasm");
    await cpu.once(() => onCpu.run());
    expect(cpu.tf.getBackend()).toBe("cpu");
    expect((await onWasm.read()).Y.length).toBe((await onCpu.read()).Y.length);
    for (const prepared of [onWasm, onCpu]) await prepared.dispose();
  });
});

describe("absence", () => {
  it("of a device names those that exist", async () => {
    await expect(open("abacus")).rejects.toThrow(
      "tfjs has no device abacus; it has wasm, cpu, webgpu, tensorflow",
    );
  });

  it("the list of engines and the table of backends name the same devices", () => {
    expect(engines.find(({ name }) => name === "tfjs")?.devices).toEqual(
      backends.map(({ device }) => device),
    );
  });
});

it("prints nothing and leaves the process's handlers alone", () => {
  const script = `
    import { open } from "./impls/engines/tfjs.js";
    for (const device of ["wasm", "cpu"]) { const { tf } = await open(device); tf.square(tf.tensor1d([1, 2])).dataSync(); }
    process.stdout.write(String(process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection")));
  `;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  expect({ stdout, stderr, status }).toEqual({ stdout: "0", stderr: "", status: 0 });
});
