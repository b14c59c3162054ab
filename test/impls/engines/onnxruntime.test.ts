/** The onnxruntime engine's own promises: arrays written in place, other inputs seen, threads as asked, absence as a sentence. */
import { afterAll, describe, expect, it } from "vitest";
import { EngineAbsent } from "../../../impls/engines/engine.js";
import { loadOrt } from "../../../impls/engines/onnxruntime/package.js";
import { implementation } from "../../../impls/implementation.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { rewriteInputs } from "../../../impls/prepared.js";
import { chunkedOnnxruntime } from "../../../impls/ssd/chunked.onnxruntime.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { recurrentOnnxruntime } from "../../../impls/ssd/recurrent.onnxruntime.js";
import { onnxruntimeOrReason } from "../../onnxruntime.js";
import { agreement } from "../truth.js";

const engine = await onnxruntimeOrReason();
afterAll(() => engine?.close());

const dims = { batch: 2, length: 70, heads: 6, groups: 3, headDim: 5, state: 7 };
const problem = randomProblem(ssd, { dims, with: ["dt", "D", "z", "initialState"] });

describe.skipIf(!engine)("a case", () => {
  const forms = [
    ["recurrent", recurrentOnnxruntime, { threads: 1 }],
    ["recurrent, two threads", recurrentOnnxruntime, { threads: 2 }],
    ["chunked", chunkedOnnxruntime, { threads: 1, chunk: 16 }],
    ["chunked, two threads", chunkedOnnxruntime, { threads: 2, chunk: 16 }],
  ] as const;

  it.each(forms)(
    "%s is poisoned, run in place, timed, and repeats its bits",
    async (_name, impl, options) => {
      const prepared = await impl.prepare(engine!, problem, options);
      const outputs = await prepared.read();
      await prepared.poison();
      expect((await prepared.inspect([])).nonFinite).toMatchObject({
        output: "Y",
        index: 0,
        total: 2 * 70 * 30,
      });
      await engine!.once(() => prepared.run());
      const first = await prepared.inspect([]);
      expect(first.nonFinite).toBeUndefined();
      expect((await prepared.read()).Y).toBe(outputs.Y);
      await prepared.poison();
      const { hostNs } = await engine!.time(() => prepared.run(), 3);
      expect(hostNs).toBeGreaterThan(0);
      expect((await prepared.inspect([])).fingerprint).toBe(first.fingerprint);
      await prepared.dispose();
    },
  );

  it.each(forms)("%s sees other inputs, and the old ones again", async (_name, impl, options) => {
    const other = randomProblem(ssd, { dims, with: ["dt", "D", "z", "initialState"], seed: 9 });
    const fingerprint = async (of: Problem<typeof ssd>) => {
      const prepared = await impl.prepare(engine!, of, options);
      await prepared.run();
      const found = (await prepared.inspect([])).fingerprint;
      await prepared.dispose();
      return found;
    };
    const prepared = await impl.prepare(engine!, problem, options);
    for (const next of [other, problem, other]) {
      await prepared[rewriteInputs]!(next as Problem);
      await prepared.run();
      expect((await prepared.inspect([])).fingerprint).toBe(await fingerprint(next));
    }
    await prepared.dispose();
  });

  it("measures its ceilings", async () => {
    const { bytesPerS, flopsPerS } = await engine!.ceilings(1);
    expect(bytesPerS).toBeGreaterThan(1e6);
    expect(flopsPerS?.f32).toBeGreaterThan(1e6);
  });
});

describe.skipIf(!engine)("a gate far below zero", () => {
  const length = 40;
  const control = randomProblem(ssd, {
    dims: { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 2 },
    with: ["z"],
  });
  // from 0 to -39
  const data = Float64Array.from({ length }, (_, t) => -t);
  const gated = {
    ...control,
    inputs: { ...control.inputs, z: { ...control.inputs.z!, kind: "given" as const, data } },
  } as Problem<typeof ssd>;

  it("stays within the bound", async () => {
    const { certified, worst } = await agreement(recurrentOnnxruntime, gated, { threads: 1 }, engine!);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  it("does not with the operator Sigmoid, and the bound says so", async () => {
    const bySigmoid = implementation(ssd, "onnxruntime", {
      ...recurrentOnnxruntime,
      prepare: (on, given, options) =>
        on.prepared(ssd, given, options, {
          views: { B: [1, length, 2], C: [1, length, 2], X: [1, length, 1] },
          scratchBytes: 0,
          build(graph, { X, logA, B, C, z }) {
            const [Y, S] = graph.ops("LinearAttention", [C, B, X, undefined, logA], 2, {
              domain: "com.microsoft",
              attributes: { q_num_heads: 1, kv_num_heads: 1, update_rule: "gated" },
              floats: { scale: 1 },
            });
            const silu = graph.op("Mul", [z!, graph.op("Sigmoid", [z!])]);
            return {
              Y: graph.op("Mul", [graph.reshape(Y, [1, length, 1, 1]), silu]),
              finalState: graph.transpose(S, [0, 1, 3, 2]),
            };
          },
        }),
    });
    const { certified } = await agreement(bySigmoid, gated, { threads: 1 }, engine!);
    expect(certified).toBeGreaterThan(1000);
  });
});

describe("absence", () => {
  it("is one sentence with the command that adds the package without its download", async () => {
    const failed = loadOrt("onnxruntime-node-that-nobody-has");
    await expect(failed).rejects.toThrow(EngineAbsent);
    await expect(failed).rejects.toThrow(
      "onnxruntime-node is not installed; to add it: " +
        "ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save --save-prod onnxruntime-node@1.30.0",
    );
  });

  it("of a part says which", async () => {
    const broken = `data:text/javascript,throw new Error("libonnxruntime.so.1: no such file")`;
    await expect(loadOrt(broken)).rejects.toThrow(
      "onnxruntime-node cannot be used: libonnxruntime.so.1: no such file; to install it again: ONNXRUNTIME_NODE_INSTALL=skip",
    );
  });
});
