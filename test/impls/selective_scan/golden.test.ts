/** The reference against the official selective_scan_ref of state-spaces/mamba, in float64. */
import { describe, expect, it } from "vitest";
import { givenProblem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { type Golden, goldenCases, transpose } from "../golden.js";
import { peakError, referenceOutputs } from "../truth.js";

const CONSTANT = ["heads", "headDim", "state"];

function problemOf({ options, tensors }: Golden) {
  const { batch, D_inner: width, N: state, T: length } = options;
  const groups = Number(options.B) > 0 ? Number(options.B) : 1;
  const dims = { batch, length, heads: groups, groups, headDim: width / groups, state };
  const timeSecond = (name: string) =>
    tensors[name] && transpose(tensors[name].shape, tensors[name].data, [0, 2, 1]);
  const rows = (name: string) => {
    const { shape, data } = tensors[name];
    if (shape.length === 2) return data;
    return shape.length === 3 ? transpose(shape, data, [0, 2, 1]) : transpose(shape, data, [0, 3, 1, 2]);
  };
  const layouts = Object.fromEntries(
    ["B", "C"].filter((name) => tensors[name].shape.length === 2).map((name) => [name, CONSTANT]),
  );
  const inputs = {
    u: timeSecond("u"),
    delta: timeSecond("delta"),
    A: tensors.A.data,
    B: rows("B"),
    C: rows("C"),
    D: tensors.D?.data,
    z: timeSecond("z"),
    deltaBias: tensors.delta_bias?.data,
  };
  const settings = { softplus: options.delta_softplus === true };
  return givenProblem(selectiveScan, { dims, dtype: "f64", inputs, layouts, settings });
}

const cases = goldenCases("18_", "19_", "20_", "21_");

describe.skipIf(cases.length === 0)("selective_scan against the official float64 results", () => {
  it.each(cases)("%s", (_name, load) => {
    const golden = load();
    const problem = problemOf(golden);
    const { Y, finalState } = referenceOutputs(selectiveScan, problem);
    const { shape, data } = golden.tensors["out.y"];
    expect(peakError(Y, transpose(shape, data, [0, 2, 1]))).toBeLessThan(1e-10);
    expect(peakError(finalState, golden.tensors["out.last_state"].data)).toBeLessThan(1e-10);
  });
});
