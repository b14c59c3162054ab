/** The reference of a step against sums written out, and against a row of attention. */
import { describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/index.js";
import { attentionDecode } from "../../../impls/attention_decode/index.js";
import { givenProblem } from "../../../impls/operator.js";
import { peakError, referenceOutputs } from "../truth.js";

const values = (seed: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 1.3 * i));

describe("attention_decode's reference", () => {
  it("is two weights where there is one key beside the token's own", () => {
    const dims = { batch: 1, context: 1, heads: 1, groups: 1, headDim: 2, headDimV: 1 };
    const inputs = { Q: [1, 2], K: [0.5, -1], V: [3], k: [1, 0.25], v: [-2] };
    const problem = givenProblem(attentionDecode, { dims, dtype: "f64", inputs, settings: { scale: 0.5 } });
    const [old, own] = [Math.exp(0.5 * (0.5 - 2)), Math.exp(0.5 * (1 + 0.5))];
    const wanted = (3 * old - 2 * own) / (old + own);
    expect(referenceOutputs(attentionDecode, problem).Y[0]).toBeCloseTo(wanted, 14);
  });

  it.each([0, 1, 2, 5, 9])("is the last row of causal attention, window %i", (window) => {
    const [context, batch, heads, groups, headDim, headDimV] = [7, 2, 4, 2, 3, 2];
    const length = context + 1;
    const width = { batch, heads, groups, headDim, headDimV };
    const whole = {
      Q: values(1, batch * length * heads * headDim),
      K: values(2, batch * length * groups * headDim),
      V: values(3, batch * length * groups * headDimV),
    };
    const rows = (of: Float64Array, from: number, to: number) => {
      const row = of.length / (batch * length);
      return Float64Array.from({ length: batch * (to - from) * row }, (_, i) => {
        const [b, rest] = [Math.floor(i / ((to - from) * row)), i % ((to - from) * row)];
        return of[(b * length + from) * row + rest];
      });
    };
    const step = givenProblem(attentionDecode, {
      dims: { ...width, context },
      dtype: "f64",
      inputs: {
        ...{ Q: rows(whole.Q, context, length), K: rows(whole.K, 0, context), V: rows(whole.V, 0, context) },
        ...{ k: rows(whole.K, context, length), v: rows(whole.V, context, length) },
      },
      settings: { window },
    });
    const forward = givenProblem(attention, {
      dims: { ...width, length, context: length },
      dtype: "f64",
      inputs: whole,
      settings: { causal: true, window },
    });
    const wanted = rows(Float64Array.from(referenceOutputs(attention, forward).Y), context, length);
    expect(peakError(referenceOutputs(attentionDecode, step).Y, wanted)).toBeLessThan(1e-15);
  });
});
