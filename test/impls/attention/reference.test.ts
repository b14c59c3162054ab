/** The float64 reference of attention against softmax written out and hand-computed rows; official vectors: ../index.golden.test.ts. */
import { describe, expect, it } from "vitest";
import { attention, attentionScale } from "../../../impls/attention/operator.js";
import { boundAt, f32Rounding } from "../../../impls/bound.js";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { toFloat32 } from "../../../impls/tensor.js";
import { peakError, referenceOutputs } from "../truth.js";

const one = { batch: 1, length: 1, context: 1, heads: 1, groups: 1, headDim: 1, headDimV: 1 };

/** Softmax as its definition says, without a maximum: for moderate logits only. */
function direct(problem: Problem<typeof attention>): Float64Array {
  const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
  const [Q, K, V] = [problem.inputs.Q!, problem.inputs.K!, problem.inputs.V!].map((source) =>
    toFloat32(source, "f32"),
  );
  const Y = new Float64Array(batch * length * heads * headDimV);
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < length; t++)
      for (let h = 0; h < heads; h++) {
        const query = ((b * length + t) * heads + h) * headDim;
        const keyOf = (s: number) => (b * context + s) * groups + Math.floor((h * groups) / heads);
        const weights = Array.from({ length: problem.settings.causal ? t + 1 : context }, (_, s) => {
          let dot = 0;
          for (let n = 0; n < headDim; n++) dot += Q[query + n] * K[keyOf(s) * headDim + n];
          return Math.exp(attentionScale(problem) * dot);
        });
        const sum = weights.reduce((total, weight) => total + weight, 0);
        for (let e = 0; e < headDimV; e++)
          Y[((b * length + t) * heads + h) * headDimV + e] = weights.reduce(
            (y, weight, s) => y + (weight / sum) * V[keyOf(s) * headDimV + e],
            0,
          );
      }
  return Y;
}

describe("attention's reference", () => {
  it("returns the value itself for one token", () => {
    const problem = givenProblem(attention, {
      dims: one,
      dtype: "f64",
      inputs: { Q: [5], K: [7], V: [0.1] },
    });
    expect(referenceOutputs(attention, problem).Y[0]).toBe(0.1);
  });

  it("weighs two keys as a hand computation does", () => {
    // logits 0 and ln 3: weights 1/4 and 3/4
    const problem = givenProblem(attention, {
      dims: { ...one, context: 2 },
      dtype: "f64",
      inputs: { Q: [Math.log(3)], K: [0, 1], V: [8, 4] },
      settings: { causal: false, scale: 1 },
    });
    expect(referenceOutputs(attention, problem).Y[0]).toBeCloseTo(5, 14);
  });

  it("averages all keys when the queries are zero", () => {
    const problem = givenProblem(attention, {
      dims: { ...one, length: 3, context: 3 },
      dtype: "f64",
      inputs: { Q: [0, 0, 0], K: [1, 2, 3], V: [3, 6, 12] },
    });
    expect([...referenceOutputs(attention, problem).Y].map((y) => y.toFixed(12))).toEqual(
      [3, 4.5, 7].map((y) => y.toFixed(12)),
    );
  });

  it.each([
    { causal: true, scale: 0, length: 9, context: 9, headDim: 3, headDimV: 5 },
    { causal: false, scale: 0.5, length: 4, context: 11, headDim: 8, headDimV: 1 },
    { causal: false, scale: -1.5, length: 11, context: 4, headDim: 1, headDimV: 2 },
  ])("equals softmax written out: $causal $scale $length $context", ({ causal, scale, ...sizes }) => {
    const dims = { ...one, batch: 2, heads: 6, groups: 3, ...sizes };
    const problem = randomProblem(attention, { dims, seed: 11, settings: { causal, scale } });
    expect(peakError(referenceOutputs(attention, problem).Y, direct(problem))).toBeLessThan(1e-13);
  });

  it("gives the same lane alone as among others", () => {
    const dims = { ...one, length: 6, context: 6, heads: 2, headDimV: 3 };
    const problem = randomProblem(attention, { dims });
    const all = [
      ...attention.reference(
        problem,
        [0, 5, 11].map((index) => ({ kind: "element", index })),
      ),
    ];
    const [alone] = [...attention.reference(problem, [{ kind: "element", index: 5 }])];
    expect(alone.outputs).toEqual(all[1].outputs);
  });

  it("keeps logits of 1e4 finite and says that digits were lost", () => {
    const problem = givenProblem(attention, {
      dims: { ...one, length: 2, context: 2 },
      inputs: { Q: [1e4, 1e4], K: [1, 1 - 2 ** -13], V: [1, -1] },
      settings: { scale: 1 },
    });
    const [{ outputs }] = [...attention.reference(problem, [{ kind: "element", index: 1 }])];
    // the logits differ by 1e4 2^-13
    expect(outputs.Y.value[0]).toBeCloseTo(Math.tanh((1e4 * 2 ** -13) / 2), 12);
    const bound = boundAt(outputs.Y, 0, f32Rounding(2));
    expect(bound.certified).toBeGreaterThan(1e4 * 2 ** -24);
    expect(bound.certified).toBeLessThan(0.1);
  });

  it.each([
    [{ heads: 3, groups: 2 }, "groups must divide heads"],
    [{ context: 2 }, "causal needs context equal to length, got context=2 length=1"],
  ])("refuses %o", (dims, message) => {
    expect(() => randomProblem(attention, { dims: { ...one, ...dims } })).toThrow(message);
  });
});
