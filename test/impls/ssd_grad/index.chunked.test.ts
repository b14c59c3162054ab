/** The chunked backward on native and wasm: equal bits however it is shared and asked for, and small gradients beside large ones. */
import { afterAll, describe, expect, it } from "vitest";
import { boundAt } from "../../../impls/bound.js";
import { open as openNative } from "../../../impls/engines/native.js";
import { open as openWasm } from "../../../impls/engines/wasm.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { chunkedNative } from "../../../impls/ssd_grad/chunked.native.js";
import { chunkedWasm } from "../../../impls/ssd_grad/chunked.wasm.js";
import { type SsdGrad, ssdGrad } from "../../../impls/ssd_grad/operator.js";
import { orReason } from "../../or-reason.js";
import { allLanes, outputsOn } from "../truth.js";

const engines = [
  { impl: chunkedNative as AnyImplementation, engine: await orReason("native", () => openNative()) },
  { impl: chunkedWasm as AnyImplementation, engine: await openWasm() },
].filter(({ engine }) => engine);
afterAll(async () => {
  for (const { engine } of engines) await engine?.close();
});

/** Several blocks of either kernel, the last one and its last chunk not whole; every option. */
const options = {
  dims: { batch: 2, length: 301, heads: 4, groups: 2, headDim: 11, state: 9 },
  seed: 6,
  with: ["dt", "dtBias", "D", "z", "initialState", "dFinalState", "documents"],
  layouts: { logA: ["heads"] },
} as const;
const settings = { softplus: true, dtMin: 0.6, dtMax: 0.9 };
const problem = (training: boolean): Problem<SsdGrad> =>
  randomProblem(ssdGrad, { ...options, settings: { ...settings, training } });

describe.each(engines)("$impl.engine", ({ impl, engine }) => {
  const run = (asked: Problem<SsdGrad>, threads: number): Promise<Record<string, Float32Array>> =>
    outputsOn(engine as never, impl as never, asked as never, { threads }) as never;

  it("gives the same bits on any number of threads", async () => {
    const one = await run(problem(true), 1);
    expect(Object.keys(one).sort()).toEqual(
      ["Y", "dB", "dC", "dD", "dX", "ddt", "ddtBias", "dinitialState", "dlogA", "dz", "finalState"].sort(),
    );
    for (const threads of [2, 3]) expect(await run(problem(true), threads)).toEqual(one);
  });

  it("gives the gradients the same bits whether the outputs are asked for or not", async () => {
    const { Y, finalState, ...gradients } = await run(problem(true), 2);
    expect(Y.some((y) => y !== 0) && finalState.some((s) => s !== 0)).toBe(true);
    expect(await run(problem(false), 2)).toEqual(gradients);
  });

  it("keeps the digits of small gradients of log decays beside large ones", async () => {
    // what flows before token 5 is 1e12 times what flows behind it: a difference of sums would leave nothing of that
    const dims = { batch: 1, length: 12, heads: 1, groups: 1, headDim: 1, state: 1 };
    const large = (value: number) => Array.from({ length: 12 }, (_, t) => (t < 5 ? 1e6 * value : value));
    const inputs = {
      X: large(0.7),
      dY: large(0.3),
      B: large(1).fill(0.9),
      C: large(1).fill(1.1),
      logA: Array.from({ length: 12 }, (_, t) => (t === 5 ? -80 : -0.01 * (t + 1))),
    };
    const asked = givenProblem(ssdGrad, { dims, inputs });
    const { dlogA } = await run(asked, 1);
    const [{ outputs }] = ssdGrad.reference(asked, allLanes(ssdGrad, asked));
    const rounding = impl.rounding(asked as never, {});
    dlogA.forEach((value, t) => {
      const wanted = outputs.dlogA.value[t];
      expect(Math.abs(value - wanted)).toBeLessThan(boundAt(outputs.dlogA, t, rounding).certified);
      if (t > 0 && t !== 5) expect(Math.abs(value / wanted - 1)).toBeLessThan(1e-5);
    });
  });
});
