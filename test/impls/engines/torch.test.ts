/** The torch engine's own promises: the same inputs bit for bit, absence as a sentence, wrong programs found, no process left behind. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { EngineAbsent, EngineCrashed } from "../../../impls/engines/engine.js";
import { coreType } from "../../../impls/engines/torch/environment.js";
import { open } from "../../../impls/engines/torch.js";
import { implementationName } from "../../../impls/implementation.js";
import { implementations, operators } from "../../../impls/index.js";
import {
  type AnyOperator,
  dimsFrom,
  inputDtype,
  type Problem,
  randomProblem,
} from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { toFloat32 } from "../../../impls/tensor.js";
import { formsAgree } from "../../../suites/laws/forms-agree.js";
import { evaluate, localPlace } from "../../../suites/verify/evaluate.js";
import { runRandom } from "../../../suites/verify/random.js";
import { programs } from "../../fixtures/torch/programs.js";
import { torchOrReason } from "../../torch.js";

const engine = await torchOrReason();
const root = fileURLToPath(new URL("../../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "torch-"));
const sizes: Record<string, number> = {
  batch: 2,
  length: 300,
  context: 300,
  heads: 9,
  groups: 3,
  headDim: 7,
  headDimV: 5,
  state: 11,
  pairs: 3,
  width: 3,
  past: 2,
  modelDim: 12,
  inner: 70,
  rank: 2,
};
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await engine?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Every optional input that random values make sense for. */
function problemOf(operator: AnyOperator, dtype: Problem["dtype"], dims = sizes): Problem {
  const optional = Object.entries<{ optional?: true }>(operator.inputs)
    .filter(([, spec]) => spec.optional && operator.name !== "convolution")
    .map(([name]) => name);
  return randomProblem(operator, {
    dims: dimsFrom(operator, dims, optional),
    dtype,
    seed: 77,
    with: optional as never[],
  }) as Problem;
}

function program(make: string) {
  return programs.find((one) => one.source === `a program that ${make}`)!;
}

const small = problemOf(ssd, "f32", { ...sizes, length: 20 });
const plain = randomProblem(ssd, {
  dims: { batch: 1, length: 20, heads: 3, groups: 1, headDim: 4, state: 5 },
});

describe.skipIf(!engine)("inputs", () => {
  const cases = operators.flatMap((operator) =>
    (["f32", "f16", "bf16"] as const).map((dtype) => ({ name: operator.name, operator, dtype })),
  );
  it.each(cases)("$name $dtype are those of random.ts, bit for bit", async ({ operator, dtype }) => {
    const problem = problemOf(operator, dtype);
    for (const [name, source] of Object.entries(problem.inputs)) {
      // ids of documents are given to every engine
      if (source?.kind !== "random") continue;
      const wanted = toFloat32(source, inputDtype(operator, problem, name) as "f32");
      const got = await engine!.random(operator, problem, name);
      const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);
      expect(Buffer.compare(Buffer.from(bits(got).buffer), Buffer.from(bits(wanted).buffer)), name).toBe(0);
    }
  });
});

describe.skipIf(!engine)("a case", () => {
  const here = implementations.filter((impl) => impl.engine === "torch");
  it("is poisoned, run, timed and read; its lanes and hash are those of what was read", async () => {
    const impl = here.find((one) => implementationName(one) === "ssd/chunked.torch")!;
    const [options] = await impl.options!(small, engine! as never);
    const prepared = await impl.prepare(engine! as never, small, options);
    const lanes = [
      { kind: "element", index: 40 },
      { kind: "projection", index: 5 },
    ] as const;
    await prepared.poison();
    const poisoned = await prepared.inspect([]);
    expect(poisoned.nonFinite).toMatchObject({ output: "Y", index: 0, total: 2 * 20 * 9 * 7 });
    expect(poisoned.nonFinite?.value).toBeNaN();
    await engine!.once((launch) => prepared.run(launch));
    const first = await prepared.inspect(lanes);
    const { Y } = (await prepared.read()) as Record<string, Float32Array>;
    // element 40 is batch 0, head 5, channel 5; projection 5 sums the channels of head 5 with their signs
    expect([...first.lanes[0].Y]).toEqual(Array.from({ length: 20 }, (_, t) => Y[t * 63 + 40]));
    const { projectionWeight } = await import("../../../impls/lanes.js");
    const sum = Array.from({ length: 7 }, (_, p) => projectionWeight(p) * Y[35 + p]).reduce((a, b) => a + b);
    expect(first.lanes[1].Y[0]).toBeCloseTo(sum, 12);
    const { hostNs, deviceNs } = await engine!.time((launch) => prepared.run(launch), 3);
    expect(hostNs).toBeGreaterThan(0);
    expect(deviceNs).toBeUndefined();
    const second = await prepared.inspect(lanes);
    expect(second).toEqual(first);
    expect(first.nonFinite).toBeUndefined();
    await prepared.dispose();
  });

  it("hashes every bit in its place", async () => {
    const impl = here.find((one) => implementationName(one) === "attention/materialised.torch")!;
    const hashOf = async (seed: number) => {
      const { attention } = await import("../../../impls/attention/operator.js");
      const dims = { batch: 1, length: 9, context: 9, heads: 2, groups: 1, headDim: 4, headDimV: 4 };
      const problem = randomProblem(attention, { dims, seed });
      const prepared = await impl.prepare(engine! as never, problem, { threads: 1 });
      await engine!.once((launch) => prepared.run(launch));
      const { fingerprint } = await prepared.inspect([]);
      await prepared.dispose();
      return fingerprint;
    };
    expect(await hashOf(1)).toBe(await hashOf(1));
    expect(await hashOf(1)).not.toBe(await hashOf(2));
  });
});

describe.skipIf(!engine)("a wrong program", () => {
  const run = async (make: string) => {
    const [options] = await program(make).options!(plain, engine!);
    return evaluate(program(make), engine as never, plain, options);
  };

  it("is rejected like any other, with a counterexample", async () => {
    const target = { impl: program("wrong"), index: 0, place: localPlace(engine as never, "cpu") };
    const { broken, failures } = await runRandom({
      cases: 20,
      seed: 3,
      targets: [target],
      laws: [formsAgree],
    });
    expect(broken).toEqual(["ssd/quadratic.torch make=wrong device=cpu forms-agree"]);
    expect(failures[0].counterexample.join("\n")).toMatch(/Y\[.*got/);
  });

  it.each([
    ["throws", "ValueError: this program throws"],
    ["misshapen", "Y has shape [1, 19, 3, 4], expected [1, 20, 3, 4]"],
    ["greedy", "alloc"],
  ])("%s: one sentence, and the engine goes on", async (make, words) => {
    await expect(run(make)).rejects.toThrow(words);
    expect(Object.keys((await run("wrong")).values)).toEqual(["Y", "finalState"]);
  });

  it.each([
    ["aborts", "Python was ended by SIGABRT"],
    ["exits", "Python exited with code 3"],
  ])("%s: the engine is gone, and says how", async (make, words) => {
    const own = await open("cpu");
    const one = program(make);
    const [options] = await one.options!(plain, own);
    const failed = evaluate(one, own as never, plain, options);
    await expect(failed).rejects.toThrow(words);
    await expect(own.ceilings()).rejects.toThrow(EngineCrashed);
    await own.close();
  });
});

describe.skipIf(!engine || process.platform !== "linux")("the Python process", () => {
  it("goes with the process that started it, though it is at work", async () => {
    const script = `
      const { open } = await import("./impls/engines/torch.js");
      const { programs } = await import("./test/fixtures/torch/programs.js");
      const engine = await open("cpu");
      const impl = programs.find(({ source }) => source === "a program that hangs");
      const problem = JSON.parse(process.argv[1]);
      const prepared = await impl.prepare(engine, problem, impl.options(problem, engine)[0]);
      void engine.once((launch) => prepared.run(launch));
      setTimeout(() => process.stdout.write("running"), 300);`;
    const parent = spawn(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", script, JSON.stringify(plain)],
      { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const children = pythonsOf(parent.pid!);
    expect(children).toHaveLength(1);
    parent.kill("SIGKILL");
    for (let i = 0; i < 100 && alive(children[0]); i++) await setTimeout(50);
    expect(alive(children[0])).toBe(false);
  });
});

/** Processes that this one started and that run host.py. */
function pythonsOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const ppid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return ppid === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("host.py");
      } catch {
        return false;
      }
    });
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("absence is a sentence", () => {
  it("without Python", async () => {
    vi.stubEnv("DUALBENCH_PYTHON", join(scratch, "nowhere"));
    const failed = open("cpu");
    await expect(failed).rejects.toThrow(EngineAbsent);
    await expect(failed).rejects.toThrow(/nowhere cannot be run.*; to add it: apt-get install python3-torch/);
  });

  it("without torch, and with a program that is no Python", async () => {
    const python = join(scratch, "python");
    const answer = `{"ok": false, "absent": true, "error": "ModuleNotFoundError: No module named 'torch'", "bytes": 0}`;
    writeFileSync(python, `#!/bin/sh\ncat <<'X'\n${answer}\nX\n`);
    chmodSync(python, 0o755);
    vi.stubEnv("DUALBENCH_PYTHON", python);
    await expect(open("cpu")).rejects.toThrow(/No module named 'torch'\); to add it/);
    vi.stubEnv("DUALBENCH_PYTHON", "/bin/false");
    await expect(open("cpu")).rejects.toThrow(/Python exited with code 1/);
  });

  it("of a device", async () => {
    await expect(open("tpu")).rejects.toThrow("torch has no device tpu; it has cpu, cuda and cuda:N");
  });
});

describe("OpenBLAS's kernels", () => {
  const avx2 = "fma avx avx2";
  const avx512 = `${avx2} avx512f avx512dq avx512cd avx512bw avx512vl`;
  it.each([
    ["AuthenticAMD", avx2, "Zen"],
    ["GenuineIntel", avx2, "Haswell"],
    ["AuthenticAMD", avx512, "SkylakeX"],
    ["GenuineIntel", "sse4_2 avx", undefined],
    ["GenuineIntel", `${avx2} avx512f`, "Haswell"],
  ])("of %s with %s: %s", (vendor, flags, core) => {
    expect(coreType(`processor : 0\nvendor_id\t: ${vendor}\nflags\t\t: fpu ${flags}\n`)).toBe(core);
  });

  it("are its own choice where the CPU says nothing", () => expect(coreType("")).toBeUndefined());
});
