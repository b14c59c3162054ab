/** The jaxjs engine's own promises: other inputs seen, no array left behind, letters as axes, absence as a sentence. */
import { describe, expect, it } from "vitest";
import { EngineAbsent } from "../../../impls/engines/engine.js";
import {
  einsumArguments,
  type Jax,
  type JaxArray,
  loadJax,
  opsOf,
} from "../../../impls/engines/jaxjs/package.js";
import { open } from "../../../impls/engines/jaxjs.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { rewriteInputs } from "../../../impls/prepared.js";
import { chunkedJaxjs } from "../../../impls/ssd/chunked.jaxjs.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { orReason } from "../../or-reason.js";
import { agreement } from "../truth.js";

const engine = await orReason("jaxjs", open);

const dims = { batch: 1, length: 37, heads: 2, groups: 1, headDim: 3, state: 4 };
const problem = randomProblem(ssd, { dims, with: ["dt", "D", "z", "initialState"] });
const options = { chunk: 16 };

describe.skipIf(!engine)("a case", () => {
  it("is poisoned, run and timed, and repeats its bits", async () => {
    const prepared = await chunkedJaxjs.prepare(engine!, problem, options);
    expect((await prepared.inspect([])).nonFinite).toMatchObject({ output: "Y", index: 0, total: 37 * 6 });
    await engine!.once(() => prepared.run());
    const first = await prepared.inspect([]);
    expect(first.nonFinite).toBeUndefined();
    await prepared.poison();
    expect((await prepared.inspect([])).nonFinite?.total).toBe(37 * 6);
    const { hostNs } = await engine!.time(() => prepared.run(), 2);
    expect(hostNs).toBeGreaterThan(0);
    expect((await prepared.inspect([])).fingerprint).toBe(first.fingerprint);
    await prepared.dispose();
  });

  it("sees other inputs, and the old ones again", async () => {
    const prepared = await chunkedJaxjs.prepare(engine!, problem, options);
    const fingerprint = async () => {
      await prepared.run();
      return (await prepared.inspect([])).fingerprint;
    };
    const before = await fingerprint();
    const other = randomProblem(ssd, { dims, with: ["dt", "D", "z", "initialState"], seed: 9 });
    await prepared[rewriteInputs]!(other as Problem);
    const after = await fingerprint();
    const alone = await chunkedJaxjs.prepare(engine!, other, options);
    await alone.run();
    expect(after).toBe((await alone.inspect([])).fingerprint);
    await prepared[rewriteInputs]!(problem as Problem);
    expect(await fingerprint()).toBe(before);
    for (const one of [prepared, alone]) await one.dispose();
  });

  it("forgets everything at a decay of -Infinity", async () => {
    const data = Float64Array.from({ length: 74 }, (_, i) =>
      i % 25 === 7 ? Number.NEGATIVE_INFINITY : -0.1 * (i % 3),
    );
    const logA = { ...problem.inputs.logA!, kind: "given" as const, data };
    const reset = { ...problem, inputs: { ...problem.inputs, logA } } as Problem<typeof ssd>;
    const { certified, worst } = await agreement(chunkedJaxjs, reset, options, engine!);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  it("measures its ceilings", async () => {
    const { bytesPerS, flopsPerS } = await engine!.ceilings();
    expect(bytesPerS).toBeGreaterThan(1e6);
    expect(flopsPerS?.f32).toBeGreaterThan(1e6);
  });
});

describe("functions for programs", () => {
  it("turn letters into axes", () => {
    expect(einsumArguments("ab,bc->ac", ["x", "y"])).toEqual(["x", [0, 1], "y", [1, 2], [0, 2]]);
    expect(einsumArguments("bz->", ["x"])).toEqual(["x", [1, 25], []]);
  });

  it("consume nothing: each operand is given as a reference, in lists too", () => {
    let kept = 0;
    const array = {
      shape: [1],
      get ref() {
        kept++;
        return this;
      },
    } as unknown as JaxArray;
    const calls: unknown[][] = [];
    const record = (...given: unknown[]) => {
      calls.push(given);
      return array;
    };
    const ops = opsOf({ numpy: { add: record, concatenate: record, einsum: record } } as unknown as Jax);
    ops.add(array, 2);
    ops.concatenate([array, array], 1);
    ops.einsum("a,a->", array, array);
    expect(kept).toBe(5);
    expect(calls).toEqual([
      [array, 2],
      [[array, array], 1],
      [array, [0], array, [0], []],
    ]);
  });
});

describe("absence", () => {
  it("is one sentence with what to type", async () => {
    const failed = loadJax("jax-js-that-nobody-has");
    await expect(failed).rejects.toThrow(EngineAbsent);
    await expect(failed).rejects.toThrow(
      "jax-js is not installed; to add it: npm install --no-save --save-prod @jax-js/jax@0.1.25",
    );
  });
});
