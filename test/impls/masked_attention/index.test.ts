/** Masked attention: the reference against ssd and the written-out sum, the quadratic form against the reference. */
import { describe, expect, it } from "vitest";
import { boundAt, f32Rounding } from "../../../impls/bound.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { fftCpu } from "../../../impls/masked_attention/fft.cpu.js";
import { linearCpu } from "../../../impls/masked_attention/linear.cpu.js";
import { maskedAttention } from "../../../impls/masked_attention/operator.js";
import { quadraticCpu } from "../../../impls/masked_attention/quadratic.cpu.js";
import { givenProblem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { formsAgree } from "../../../suites/laws/forms-agree.js";
import { subjectOf } from "../../../suites/verify/subject.js";
import { cpuTarget } from "../../suites/targets.js";
import { agreement, peakError, referenceOutputs } from "../truth.js";

const control = { batch: 1, length: 64, heads: 2, headDim: 8, headDimV: 8 };
const masks = [[], ["logGamma"], ["m"], ["logA"], ["logGamma", "m", "logA"]] as const;

describe("masked_attention's reference", () => {
  const small = { batch: 1, length: 3, heads: 1, headDim: 1, headDimV: 1 };
  const vectors = { Q: [1, 2, 3], K: [1, 1, 2], V: [1, 10, 100] };

  it.each([
    ["causal", {}, [1, 22, 633]],
    ["retention", { logGamma: [Math.log(0.5)] }, [1, 21, 615.75]],
    ["Toeplitz", { m: [2, -1, 3] }, [2, 38, 1179]],
    ["1-semiseparable", { logA: [-9, Math.log(0.5), Math.log(0.25)] }, [1, 21, 607.875]],
  ])("computes a hand-made example: %s", (_name, mask, wanted) => {
    const problem = givenProblem(maskedAttention, {
      dims: small,
      dtype: "f64",
      inputs: { ...vectors, ...mask },
    });
    expect(peakError(referenceOutputs(maskedAttention, problem).Y, wanted)).toBeLessThan(1e-14);
  });

  it("is ssd under a 1-semiseparable mask", () => {
    const problem = randomProblem(maskedAttention, {
      dims: { batch: 2, length: 33, heads: 3, headDim: 5, headDimV: 4 },
      with: ["logA"],
    });
    const { Q, K, V, logA } = problem.inputs;
    const dual = {
      ...problem,
      operator: "ssd",
      dims: { batch: 2, length: 33, heads: 3, groups: 3, headDim: 4, state: 5 },
      inputs: {
        X: { ...V!, axes: ssd.inputs.X.axes },
        logA,
        B: { ...K!, axes: ssd.inputs.B.axes },
        C: { ...Q!, axes: ssd.inputs.C.axes },
      },
    };
    const wanted = referenceOutputs(ssd, dual).Y;
    expect(peakError(referenceOutputs(maskedAttention, problem).Y, wanted)).toBeLessThan(1e-13);
  });

  it("multiplies masks", () => {
    const inputs = { ...vectors, m: [2, -1, 3], logGamma: [Math.log(0.5)] };
    const problem = givenProblem(maskedAttention, { dims: small, dtype: "f64", inputs });
    // row 2: 2 * 6 * 100 - 3 * 10 / 2 + 3 * 3 / 4
    expect(peakError(referenceOutputs(maskedAttention, problem).Y, [2, 39, 1187.25])).toBeLessThan(1e-14);
  });
});

describe.each([quadraticCpu, linearCpu, fftCpu])("masked_attention $form", (impl) => {
  const shapes = {
    control,
    oneToken: { ...control, length: 1 },
    odd63: { ...control, length: 63 },
    odd65: { batch: 2, length: 65, heads: 3, headDim: 5, headDimV: 7 },
    oneEverything: { batch: 1, length: 9, heads: 1, headDim: 1, headDimV: 1 },
    widerValues: { ...control, length: 33, headDim: 2, headDimV: 35 },
  };
  const cases = Object.entries(shapes).flatMap(([name, dims]) =>
    masks.map((names) => ({ name, mask: names.join(" o ") || "causal", dims, names })),
  );

  const taken = cases
    .map(({ name, mask, dims, names }) => ({
      name,
      mask,
      problem: randomProblem(maskedAttention, { dims, seed: 3, with: names }),
    }))
    .filter(({ problem }) => impl.unsupported?.(problem, {}) === undefined);
  it.each(taken)("$name $mask", async ({ problem }) => {
    const { probable, worst } = await agreement(impl, problem);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });
});

describe.each([quadraticCpu, linearCpu])("masked_attention $form", (impl) => {
  it("sees the current token only when gamma is 0", async () => {
    const dims = { batch: 1, length: 3, heads: 1, headDim: 1, headDimV: 1 };
    const inputs = { Q: [1, 1, 1], K: [1, 1, 1], V: [5, 6, 7], logGamma: [Number.NEGATIVE_INFINITY] };
    const problem = givenProblem(maskedAttention, { dims, inputs });
    expect([...referenceOutputs(maskedAttention, problem).Y]).toEqual([5, 6, 7]);
    expect((await agreement(impl, problem)).certified).toBe(0);
  });

  it.each([
    ["decays that underflow", -200],
    ["resets", Number.NEGATIVE_INFINITY],
    ["decays that hardly decay", -(2 ** -24)],
  ])("%s", async (_name, step) => {
    const { length } = control;
    const dims = { batch: 1, length, heads: 1, headDim: 1, headDimV: 1 };
    const ones = new Float64Array(length).fill(1);
    const logA = Float64Array.from({ length }, (_, t) =>
      t % 5 === 0 ? step : step === -(2 ** -24) ? step : 0,
    );
    const problem = givenProblem(maskedAttention, { dims, inputs: { Q: ones, K: ones, V: ones, logA } });
    const { certified, worst } = await agreement(impl, problem);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });
});

describe("masked_attention fft", () => {
  it("is held to the errors of a transform, which no other form may make", () => {
    const problem = randomProblem(maskedAttention, { dims: control, with: ["m"] });
    const [{ outputs }] = maskedAttention.reference(problem, [{ kind: "element", index: 60 }]);
    const bound = (impl: typeof fftCpu) => boundAt(outputs.Y, 0, impl.rounding(problem, {})).certified;
    const direct = boundAt(outputs.Y, 0, f32Rounding(0)).certified;
    expect(bound(fftCpu)).toBeGreaterThan(2 * direct);
    expect(bound(quadraticCpu)).toBe(boundAt(outputs.Y, 0, f32Rounding(2)).certified);
  });

  it("takes Toeplitz masks, as linear takes all others", () => {
    const reason = (impl: typeof fftCpu, ...names: ("m" | "logA" | "logGamma")[]) =>
      unsupportedReason(impl, randomProblem(maskedAttention, { dims: control, with: names }), {});
    expect(reason(fftCpu, "logA", "m")).toMatch(/^needs a Toeplitz mask/);
    expect(reason(fftCpu, "logGamma")).toMatch(/^needs a Toeplitz mask/);
    expect(reason(linearCpu, "m")).toMatch(/^needs a 1-semiseparable mask/);
    expect([reason(fftCpu, "m", "logGamma"), reason(linearCpu, "logA")]).toEqual([undefined, undefined]);
  });
});

// found by 26,000 random cases: exp(-96) is a denormal of three digits in f32, and V as large as 2^60
it("lets a weight lose digits as a denormal before it meets a large value", async () => {
  const spec = {
    operator: "masked_attention",
    dims: { batch: 1, length: 7, heads: 6, headDim: 1, headDimV: 3 },
    seed: 6,
    values: "sparse",
    decay: "usual",
    with: ["logGamma"],
    alternative: [],
    scale: { input: "V", exponent: 60 },
    settings: {},
    dtype: 0,
  } as const;
  const finding = await formsAgree.holds({ spec }, subjectOf(cpuTarget(quadraticCpu), "f32", {}));
  expect(finding).toMatchObject({ ok: true });
});
