/** The exponential and softplus of the kernels against float64, with both SIMD builds. */
import { describe, expect, it } from "vitest";
import { loadKernel } from "../../../../impls/engines/wasm/build.js";
import type { Simd } from "../../../../impls/engines/wasm/simd.js";

const SOURCE = new URL("../../../../impls/engines/wasm/probe.as.ts", import.meta.url);
const U = 2 ** -24;
const COUNT = 1 << 16;

async function evaluator(simd: Simd) {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const { module } = await loadKernel(SOURCE, simd);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return (name: "exp2Of" | "expOf" | "softplusOf", values: Float32Array) => {
    new Float32Array(memory.buffer, 65536, COUNT).set(values);
    const to = 65536 + COUNT * 4;
    (exports[name] as (from: number, count: number, to: number) => void)(65536, COUNT, to);
    return new Float32Array(memory.buffer, to, values.length);
  };
}

const spread = (low: number, high: number) =>
  Float32Array.from({ length: COUNT }, (_, i) => low + ((high - low) * i) / COUNT);

/** Largest relative error in units of 2^-24. */
function worst(got: Float32Array, values: Float32Array, truth: (v: number) => number): number {
  return values.reduce((error, v, i) => Math.max(error, Math.abs(got[i] / truth(v) - 1) / U), 0);
}

describe.each(["relaxed", "plain"] as const)("exp, %s SIMD", (simd) => {
  it("is within 3.1 roundoffs of 2^t", async () => {
    const run = await evaluator(simd);
    for (const values of [spread(-125.9, 127.9), spread(-1, 1)])
      expect(worst(run("exp2Of", values), values, (v) => 2 ** v)).toBeLessThan(3.1);
  });

  it("is exact where kernels rely on it", async () => {
    const run = await evaluator(simd);
    const values = new Float32Array([0, -0, -127, -1000, Number.NEGATIVE_INFINITY, 128, 1e9, Number.NaN]);
    expect([...run("exp2Of", values)]).toEqual([1, 1, 0, 0, 0, Infinity, Infinity, Number.NaN]);
    expect([...run("expOf", new Float32Array([0, -1e4, Number.NEGATIVE_INFINITY]))]).toEqual([1, 0, 0]);
  });

  it("errs in softplus by 8 + 3 condition numbers at most, as the operator's bound says", async () => {
    const run = await evaluator(simd);
    for (const values of [spread(-80, 30), spread(-2, 2)]) {
      const got = run("softplusOf", values);
      const share = (v: number, i: number) => {
        const truth = Math.log1p(Math.exp(v));
        const condition = Math.abs(v) / (1 + Math.exp(-v)) / truth;
        return Math.abs(got[i] / truth - 1) / U / (8 + 3 * condition);
      };
      // a NaN is no number below 1
      expect(values.filter((v, i) => !(share(v, i) < 1))).toEqual(new Float32Array());
    }
  });
});
