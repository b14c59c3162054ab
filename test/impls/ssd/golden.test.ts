/** The reference of ssd against the official float64 results of state-spaces/mamba (ssd_minimal, ssd_combined). */
import { describe, expect, it } from "vitest";
import { givenProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { type Golden, goldenCases } from "../golden.js";
import { peakError, referenceOutputs } from "../truth.js";

function minimal({ tensors }: Golden) {
  const [batch, length, heads, headDim] = tensors.X.shape;
  const state = tensors.B.shape[3];
  return givenProblem(ssd, {
    dims: { batch, length, heads, groups: heads, headDim, state },
    dtype: "f64",
    inputs: {
      X: tensors.X.data,
      logA: tensors.A.data,
      B: tensors.B.data,
      C: tensors.C.data,
      initialState: tensors.initial_states?.data,
    },
  });
}

/** Mamba-2's own parameters come first: dt through bias, softplus and limits; logA = dt A. */
function combined({ options, tensors }: Golden) {
  const [batch, length, heads, headDim] = tensors.x.shape;
  const [, , groups, state] = tensors.B.shape;
  const limits: number[] = options.dt_limit.map(Number);
  const [low, high] = [limits[0], Number.isNaN(limits[1]) ? Number.POSITIVE_INFINITY : limits[1]];
  const dt = tensors.dt.data.map((value, i) => {
    const v = value + (tensors.dt_bias?.data[i % heads] ?? 0);
    const positive = options.dt_softplus && v <= 20 ? Math.log1p(Math.exp(v)) : v;
    return Math.min(Math.max(positive, low), high);
  });
  return givenProblem(ssd, {
    dims: { batch, length, heads, groups, headDim, state },
    dtype: "f64",
    inputs: {
      X: tensors.x.data,
      logA: dt.map((step, i) => step * tensors.A.data[i % heads]),
      B: tensors.B.data,
      C: tensors.C.data,
      dt,
      D: tensors.D?.data,
      z: tensors.z?.data,
      initialState: tensors.initial_states?.data,
    },
    layouts: tensors.D?.shape.length === 1 ? { D: ["heads"] } : {},
  });
}

const minimalCases = goldenCases("01_", "02_", "03_", "04_", "05_", "06_", "07_", "08_", "09_");
const combinedCases = goldenCases("10_", "11_", "12_", "13_", "14_");

describe.skipIf(minimalCases.length === 0)("ssd against the official float64 results", () => {
  it.each(minimalCases)("%s", (_name, load) => {
    const golden = load();
    const { Y, finalState } = referenceOutputs(ssd, minimal(golden));
    expect(peakError(Y, golden.tensors["out.Y"].data)).toBeLessThan(1e-10);
    expect(peakError(finalState, golden.tensors["out.final_state"].data)).toBeLessThan(1e-10);
  });

  it.each(combinedCases)("%s", (_name, load) => {
    const golden = load();
    const { Y, finalState } = referenceOutputs(ssd, combined(golden));
    expect(peakError(Y, golden.tensors["out.y"].data)).toBeLessThan(1e-10);
    expect(peakError(finalState, golden.tensors["out.final_states"].data)).toBeLessThan(1e-10);
  });
});
