/**
 * Every form of the convolution on the cpu engine against the float64 reference: odd sizes within the probable bound, traps
 * within the certified.
 */
import { describe, expect, it } from "vitest";
import { boundAt } from "../../../impls/bound.js";
import { fftCpu } from "../../../impls/convolution/fft.cpu.js";
import { type Convolution, convolution } from "../../../impls/convolution/operator.js";
import { recurrentCpu } from "../../../impls/convolution/recurrent.cpu.js";
import { ltiProblem } from "../../../impls/convolution/reference/lti.js";
import { open } from "../../../impls/engines/cpu.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { coherent, hashAt, signed, streamKeys } from "../../../impls/random.js";
import { agreement, allLanes } from "../truth.js";

const control = { batch: 1, length: 64, heads: 2, headDim: 4 };
const one = { batch: 1, heads: 1, headDim: 1 };

/** An LTI model with poles spread over (-1, 1], some modes absent. */
function lti(dims: Problem<Convolution>["dims"], seed: number): Problem<Convolution> {
  const modes = dims.heads * dims.headDim ** 2;
  const random = (name: string) => (i: number) => hashAt(streamKeys(seed, name), 0, i);
  const [pole, weight, input] = ["poles", "weights", "u"].map(random);
  return ltiProblem({
    dims,
    seed,
    u: Array.from({ length: dims.batch * dims.length * dims.heads * dims.headDim }, (_, i) =>
      coherent(input(i), 24),
    ),
    poles: Array.from({ length: modes }, (_, i) => (i % 3 === 0 ? 1 - 2 ** -(i % 20) : signed(pole(i), 24))),
    weights: Array.from({ length: modes }, (_, i) => (i % 5 === 4 ? 0 : signed(weight(i), 24))),
  });
}

describe("convolution fft", () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000, 4096])("%d tokens", async (length) => {
    const { probable, worst } = await agreement(
      fftCpu,
      randomProblem(convolution, { dims: { ...control, length }, seed: length }),
    );
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([
    { ...one, length: 33 },
    { batch: 3, length: 37, heads: 3, headDim: 5 },
  ])("%o", async (dims) => {
    const { probable, worst } = await agreement(fftCpu, randomProblem(convolution, { dims, seed: 7 }));
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([
    ["a constant signal and kernel", () => 1, () => 1],
    ["alternating signs", (t: number) => (-1) ** t, (j: number) => (-1) ** j],
    ["an impulse at the end", (t: number) => (t === 99 ? 1e6 : 0), (j: number) => 1 / (1 + j)],
    ["a kernel of its last tap", (t: number) => t - 50, (j: number) => (j === 99 ? 1 : 0)],
    ["one huge value among tiny ones", (t: number) => (t === 40 ? 1e12 : 1e-12), () => 1],
    ["large times small", () => 1e18, () => 1e-18],
    ["values near the largest", () => 1e18, () => 1e17],
    ["nothing at all", () => 0, (j: number) => j],
  ])("%s", async (_name, u, K) => {
    const length = 100;
    const values = (value: (t: number) => number) => Float64Array.from({ length }, (_, t) => value(t));
    const problem = givenProblem(convolution, {
      dims: { ...one, length },
      inputs: { u: values(u), K: values(K) },
    });
    const { certified, worst } = await agreement(fftCpu, problem);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  it("does not let one channel's size into another", async () => {
    const dims = { batch: 1, length: 50, heads: 1, headDim: 2 };
    const u = Array.from({ length: 100 }, (_, i) => (i % 2 ? 1e15 : 1) * (1 + (i % 7)));
    const K = Array.from({ length: 100 }, (_, i) => (i < 50 ? 1 : 1e15) / (1 + (i % 50)));
    const { certified, worst } = await agreement(
      fftCpu,
      givenProblem(convolution, { dims, inputs: { u, K } }),
    );
    expect(certified, worst).toBeLessThanOrEqual(1);
  });
});

describe.each([
  { name: "recurrent", impl: recurrentCpu },
  { name: "fft", impl: fftCpu },
])("convolution $name with an LTI kernel", ({ impl }) => {
  it.each([1, 63, 64, 65, 700])("%d tokens", async (length) => {
    const { probable, worst } = await agreement(impl, lti({ ...control, length }, length));
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it.each([
    { ...one, length: 65 },
    { batch: 2, length: 33, heads: 3, headDim: 7 },
  ])("%o", async (dims) => {
    const { probable, worst } = await agreement(impl, lti(dims, 9));
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it("sums a constant without forgetting", async () => {
    const length = 3000;
    const problem = ltiProblem({
      dims: { ...one, length },
      u: new Float32Array(length).fill(0.1),
      poles: [1],
      weights: [0.7],
    });
    const { certified, worst } = await agreement(impl, problem);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });
});

describe("convolution recurrent", () => {
  it("says what it needs when a kernel has no poles", () => {
    const problem = randomProblem(convolution, { dims: control });
    expect(unsupportedReason(recurrentCpu, problem, {})).toMatch(/needs a kernel given by poles and weights/);
    expect(unsupportedReason(fftCpu, problem, {})).toBeUndefined();
  });

  it("equals the fft form to within the bounds of both", async () => {
    const engine = await open();
    const problem = lti({ ...control, length: 300 }, 21);
    const lanes = allLanes(convolution, problem);
    const run = async (impl: typeof fftCpu) => {
      const prepared = await impl.prepare(engine, problem, {});
      await prepared.run();
      return (await prepared.inspect(lanes)).lanes;
    };
    const [recurrence, transform] = [await run(recurrentCpu), await run(fftCpu)];
    const truths = [...convolution.reference(problem, lanes)];
    expect(truths.length).toBe(lanes.length);
    truths.forEach(({ outputs }, lane) => {
      for (let t = 0; t < 300; t++) {
        const { probable } = boundAt(outputs.Y, t, fftCpu.rounding(problem, {}));
        expect(Math.abs(recurrence[lane].Y[t] - transform[lane].Y[t])).toBeLessThanOrEqual(2 * probable);
      }
    });
  });
});
