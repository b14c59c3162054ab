/** Kernels in C by the machine's own compiler: every awkward problem on every vector width that is here, and what a run must not change. */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import { devicesToOpen, engines } from "../../../impls/engines/index.js";
import { argumentBlock, argumentFields } from "../../../impls/engines/native/fields.js";
import { type NativeEngine, open } from "../../../impls/engines/native.js";
import { implementations } from "../../../impls/index.js";
import { chunkedNative } from "../../../impls/ssd/chunked.native.js";
import { ssd } from "../../../impls/ssd/index.js";
import { GRIDS, gridProblem } from "../../../suites/grids.js";
import { awkwardProblems } from "../../../suites/problems/awkward.js";
import { buildProblem } from "../../../suites/problems/build.js";
import { localPlace } from "../../../suites/verify/evaluate.js";
import { orReason } from "../../or-reason.js";
import { conform, type Tally } from "../../suites/conformance.js";

const opened: NativeEngine[] = [];
for (const isa of [undefined, "avx2"]) {
  const engine = await orReason(isa ? `native ${isa}` : "native", () => open(isa));
  if (engine) opened.push(engine);
}
const different = opened.filter(({ isa }, i) => opened.findIndex((other) => other.isa === isa) === i);
const native = implementations.filter(({ engine }) => engine === "native");
const problem = (length: number) =>
  gridProblem(ssd, { ...GRIDS.quick, heads: 3, headDim: 40 }, { length, state: 24, dtype: "f32", seed: 5 });

afterAll(async () => {
  for (const engine of opened) await engine.close();
});

describe.runIf(different.length > 0).each(different.map((engine) => ({ engine, isa: engine.isa })))(
  "on $isa",
  ({ engine }) => {
    const place = localPlace(engine as Engine<unknown>, undefined);
    const cases = native.flatMap((impl) =>
      awkwardProblems(impl.operator).map((awkward) => ({
        title: `${impl.form}: ${awkward.title}`,
        impl,
        awkward,
      })),
    );
    const tally: Tally = { ran: 0, declined: [] };

    // all at once: with the sanitizers one compiler behind the other takes longer than everything else
    beforeAll(async () => {
      const small = native.map(({ operator }) => awkwardProblems(operator)[0].spec);
      await Promise.all(
        native.map(async (impl, i) => {
          const prepared = await impl.prepare(
            engine as never,
            buildProblem(impl.operator, small[i], "f32"),
            {},
          );
          await prepared.dispose();
        }),
      );
    }, 120_000);

    it.each(cases)("$title", async ({ impl, awkward }) => {
      expect(
        await conform({ impl, index: implementations.indexOf(impl), place }, awkward, tally),
      ).toBeUndefined();
    });

    it("really ran them, and declined none but for extras that it does not know", () => {
      const unknown = /^takes no (states of documents|documents|window)$/;
      expect(tally.declined.filter((reason) => !unknown.test(reason))).toEqual([]);
      expect(tally.ran).toBeGreaterThanOrEqual(0.9 * cases.length);
    });

    it("gives the same bits on two threads, and again", async () => {
      const outputs = [];
      for (const threads of [1, 2, 2]) {
        const prepared = await chunkedNative.prepare(engine, problem(301) as never, { threads });
        await prepared.run(undefined as never);
        const { Y } = (await prepared.read()) as unknown as { Y: Float32Array };
        outputs.push(Y.slice());
        await prepared.dispose();
      }
      expect(outputs[0].some((value) => value !== 0)).toBe(true);
      expect(outputs[1]).toEqual(outputs[0]);
      expect(outputs[2]).toEqual(outputs[0]);
    });

    it.runIf(process.platform === "linux" && availableParallelism() > 1)(
      "keeps its workers off the caller's processor, where they would wait for what they were to share",
      async () => {
        const prepared = await chunkedNative.prepare(engine, problem(301) as never, { threads: 2 });
        await prepared.run(undefined as never);
        await prepared.dispose();
        const processors = readdirSync("/proc/self/task").map((thread) =>
          /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/self/task/${thread}/status`, "utf8")),
        );
        expect(new Set(processors.map((found) => found?.[1])).size).toBeGreaterThan(1);
      },
    );

    it("leaves JavaScript its denormals", async () => {
      const tiny = new Float32Array([2 ** -140, 2 ** -5]);
      const prepared = await chunkedNative.prepare(engine, problem(65) as never, {});
      await prepared.run(undefined as never);
      await prepared.dispose();
      expect(tiny[0] * 0.5).toBe(2 ** -141);
      expect(Number.MIN_VALUE * 2).toBe(2 ** -1073);
    });

    it("knows its ceilings, and says how wide its vectors are", async () => {
      const { flopsPerS, bytesPerS } = await engine.ceilings();
      expect(flopsPerS?.f32).toBeGreaterThan(1e8);
      expect(bytesPerS).toBeGreaterThan(1e7);
      expect(engine.device.details).toMatchObject({ isa: engine.isa, vectorBits: 32 * engine.lanes });
    });
  },
);

describe("what needs no compiler", () => {
  it("is absent with one sentence where there is none", async () => {
    vi.stubEnv("CC", "no-such-compiler");
    await expect(open()).rejects.toEqual(
      expect.objectContaining({
        name: "EngineAbsent",
        message: expect.stringMatching(
          /^(no C compiler: no-such-compiler cannot be started.*WebAssembly needs none|the native engine needs Linux)/,
        ),
      }),
    );
    vi.unstubAllEnvs();
  });

  it("takes part where nobody names it, with the widest vectors, and with others where their names are asked for", () => {
    const entry = engines.find(({ name }) => name === "native")!;
    expect(devicesToOpen(entry, false)).toEqual([undefined]);
    expect(devicesToOpen(entry, true)).toEqual([undefined]);
    expect(devicesToOpen(entry, false, ["avx2"])).toEqual(["avx2"]);
  });

  it("reads a kernel's arguments from its source, and refuses what is no word", () => {
    const fields = argumentFields(
      "typedef struct {\n  const float *X, *Y; // tensors\n  int64_t n;\n  double by;\n} Args;",
    );
    expect(fields).toEqual([
      { name: "X", kind: "pointer" },
      { name: "Y", kind: "pointer" },
      { name: "n", kind: "integer" },
      { name: "by", kind: "real" },
    ]);
    const block = new DataView(argumentBlock(fields, { X: 64, Y: 0, n: 7, by: 0.5 }, 4096n).buffer);
    expect([0, 8, 16].map((at) => block.getBigInt64(at, true))).toEqual([4160n, 0n, 7n]);
    expect(block.getFloat64(24, true)).toBe(0.5);
    expect(() => argumentBlock(fields, { X: 1, Y: 2, n: 3 }, 0n)).toThrow(/by has no value/);
    expect(() => argumentFields("typedef struct { int n; } Args;")).toThrow(/got int n/);
    expect(() => argumentFields("int main;")).toThrow(/states its arguments/);
  });
});
