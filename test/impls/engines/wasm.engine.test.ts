/** The engine around the kernels: inputs, names of builds, threads, life and death of workers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import { convolution } from "../../../impls/convolution/index.js";
import { loadKernel } from "../../../impls/engines/wasm/build.js";
import { writeInputs } from "../../../impls/engines/wasm/inputs.js";
import { node } from "../../../impls/engines/wasm/place/node.js";
import { Pool } from "../../../impls/engines/wasm/pool.js";
import { Room } from "../../../impls/engines/wasm/room.js";
import { open } from "../../../impls/engines/wasm.js";
import { operators } from "../../../impls/index.js";
import { type AnyOperator, dimsFrom, type Problem, randomProblem } from "../../../impls/operator.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";
import { recurrentWasm } from "../../../impls/ssd/recurrent.wasm.js";
import { toFloat32 } from "../../../impls/tensor.js";

const pool = new Pool(node.hire);
afterAll(() => pool.close());

const sizes: Record<string, number> = {
  batch: 2,
  length: 37,
  context: 37,
  heads: 9,
  groups: 3,
  headDim: 5,
  headDimV: 4,
  state: 6,
  width: 4,
  past: 3,
  pairs: 2,
  modelDim: 7,
  inner: 70,
  rank: 2,
};

function allInputs(operator: AnyOperator): Problem {
  const optional = Object.keys(operator.inputs).filter((name) => operator.inputs[name].optional);
  const wanted = operator.name === "convolution" ? [] : optional;
  return randomProblem(operator, {
    dims: dimsFrom(operator, sizes, wanted),
    seed: 12,
    with: wanted as never,
  });
}

describe("inputs", () => {
  it.each([
    ...operators.map((operator) => [operator.name, operator, allInputs(operator)] as const),
    [
      "a kernel that halves into denormals",
      convolution as AnyOperator,
      randomProblem(convolution, { dims: { batch: 1, length: 12000, heads: 1, headDim: 1 } }) as Problem,
    ] as const,
  ])("of %s are the random functions, bit for bit", async (_name, operator, problem) => {
    const room = new Room(operator, problem);
    const args = room.reserve(64);
    const memory = room.open();
    await writeInputs(room, memory, args, pool, 2, "relaxed");
    for (const [name, source] of Object.entries(problem.inputs)) {
      const wanted = toFloat32(source!, "f32");
      const got = new Float32Array(memory.buffer, room.address[name], wanted.length);
      expect(Buffer.compare(Buffer.from(got.slice().buffer), Buffer.from(wanted.buffer)), name).toBe(0);
    }
  });
});

describe("builds", () => {
  it("are named by a hash that differs with the SIMD level and is the same every time", async () => {
    const source = new URL("../../../impls/engines/wasm/ceilings.as.ts", import.meta.url);
    const [relaxed, plain] = [await loadKernel(source, "relaxed"), await loadKernel(source, "plain")];
    expect(relaxed.hash).toMatch(/^[0-9a-f]{12}$/);
    expect(relaxed.hash).not.toBe(plain.hash);
    expect((await loadKernel(source, "relaxed")).hash).toBe(relaxed.hash);
  });
});

describe("engine", () => {
  it("measures ceilings", async () => {
    const engine = await open();
    const { flopsPerS, expsPerS, bytesPerS } = await engine.ceilings();
    expect(flopsPerS?.f32).toBeGreaterThan(1e8);
    expect(expsPerS).toBeGreaterThan(1e6);
    expect(bytesPerS).toBeGreaterThan(1e7);
    await engine.close();
  });

  it("runs the plain build where the environment asks for it, and each row names its kernel's hash", async () => {
    const kernels: unknown[] = [];
    for (const simd of ["relaxed", "plain"]) {
      vi.stubEnv("DUALBENCH_WASM_SIMD", simd);
      const engine = await open();
      expect(engine.simd).toBe(simd);
      expect(engine.device.key).toBe(simd === "plain" ? "plain" : undefined);
      const { details, dispose } = await recurrentWasm.prepare(engine, allInputs(ssd) as Problem<Ssd>, {});
      kernels.push(details?.kernel);
      dispose();
      await engine.close();
    }
    expect(kernels[0]).toMatch(/^ssd-recurrent\.relaxed\.[0-9a-f]{12}$/);
    expect(kernels[1]).toMatch(/^ssd-recurrent\.plain\.[0-9a-f]{12}$/);
    vi.stubEnv("DUALBENCH_WASM_SIMD", "fast");
    await expect(open()).rejects.toThrow(/relaxed and plain, got fast/);
    vi.unstubAllEnvs();
  });

  it("refuses a problem that 32-bit addresses cannot hold, before it allocates", async () => {
    const engine = await open();
    const huge = { batch: 1, length: 2 ** 24, heads: 1, headDim: 64 };
    const problem = randomProblem(convolution, { dims: huge });
    expect(() => engine.room(convolution, problem).open()).toThrow(/needs \d+ bytes of WebAssembly memory/);
  });

  it("lets the process end while workers sleep", async () => {
    const engine = new URL("../../../impls/engines/wasm.ts", import.meta.url).href;
    const index = new URL("../../../impls/index.ts", import.meta.url).href;
    const operator = new URL("../../../impls/operator.ts", import.meta.url).href;
    const code = `
      const { open } = await import("${engine}");
      const { implementations } = await import("${index}");
      const { randomProblem } = await import("${operator}");
      const impl = implementations.find((i) => i.form === "recurrent" && i.engine === "wasm" && i.operator.name === "ssd");
      const dims = { batch: 1, length: 64, heads: 4, groups: 1, headDim: 8, state: 8 };
      const prepared = await impl.prepare(await open(), randomProblem(impl.operator, { dims }), { threads: 2 });
      prepared.run();
      console.log("ran");`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", code],
      {
        timeout: 30_000,
      },
    );
    expect(stdout).toBe("ran\n");
  });
});
