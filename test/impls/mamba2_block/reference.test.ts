/** The truth of a Mamba-2 block where no official file has it: written down, and as another problem of the same operator. */
import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import { mamba2Block } from "../../../impls/mamba2_block/index.js";
import { sizesOf } from "../../../impls/mamba2_block/operator.js";
import { dimsFrom, type Problem } from "../../../impls/operator.js";
import type { GivenTensor } from "../../../impls/tensor.js";
import { mapValues, range, take, withInputs } from "../../../suites/laws/edit.js";
import { buildProblem } from "../../../suites/problems/build.js";
import type { Spec } from "../../../suites/problems/spec.js";
import { boundArrays, truthOf } from "../../../suites/verify/compare.js";
import { peakError, referenceOutputs } from "../truth.js";
import { naiveBlock } from "./naive.js";

const sizes = {
  batch: 1,
  length: 9,
  modelDim: 5,
  inner: 7,
  heads: 1,
  groups: 1,
  headDim: 4,
  state: 3,
  width: 3,
};

function problemOf(more: object, names: readonly string[] = [], settings: object = {}): Problem {
  const all = { ...mamba2Block.settings, ...settings };
  const spec: Spec = {
    ...{
      operator: "mamba2_block",
      seed: 5,
      values: "signed" as const,
      decay: "usual" as const,
      with: names,
      alternative: [],
    },
    ...{ dims: dimsFrom(mamba2Block, { ...sizes, ...more }, names, all), settings: all, dtype: 0 },
  };
  return buildProblem(mamba2Block, spec, "f64") as Problem;
}

describe("a Mamba-2 block", () => {
  it.each<readonly [string, Problem]>([
    ["with an MLP beside the map", problemOf({})],
    ["with sequential projections", problemOf({}, ["xProj"])],
    ...["identity", "relu", "elu1", "layer-norm", "random"].map(
      (name, i) => [`with ${name}`, problemOf({}, [], { features: i + 1 })] as const,
    ),
    ["of everything", problemOf({ width: 2 }, ["xProj"], { features: 3 })],
  ])("%s is as written", (_name, problem) => {
    expect(peakError(referenceOutputs(mamba2Block, problem).Y, naiveBlock(problem).flat())).toBeLessThan(
      1e-14,
    );
  });

  it.each([
    ["multi-value", 0],
    ["multi-query", 1],
    ["multi-key", 2],
  ])("of %s heads is one of multi-head whose rows repeat", (_name, pattern) => {
    const shape = { inner: 4 * 2, heads: 4, groups: 2, headDim: 2 };
    const names = ["convBias", "normWeight"];
    const problem = problemOf(shape, names, { pattern, normGroups: 2 });
    const wanted = referenceOutputs(mamba2Block, problem);
    const got = referenceOutputs(mamba2Block, repeated(problem, pattern));
    for (const output of ["Y", "finalState"])
      expect(peakError(got[output], wanted[output])).toBeLessThan(1e-14);
  });

  it("errs by what one rounding of each weight does, within its probable bound and not far below", () => {
    const problem = problemOf({ modelDim: 24, inner: 32, heads: 4, headDim: 8, length: 40 }, [
      "normWeight",
      "convBias",
    ]);
    const { Y } = boundArrays(truthOf(mamba2Block, problem), f32Rounding(0));
    const nudged = withInputs(
      problem,
      Object.fromEntries(
        ["inProj", "outProj", "convWeight"].map((name) => {
          const source = problem.inputs[name] as GivenTensor;
          return [
            name,
            mapValues(source, (value, i) => value * (1 + (((i * 7919) % 13) / 6 - 1) * 2 ** -24)),
          ];
        }),
      ),
    );
    const moved = referenceOutputs(mamba2Block, nudged).Y;
    const shares = Array.from(moved, (value, i) => Math.abs(value - Y.value[i]) / Y.probable[i]);
    expect(Math.max(...shares)).toBeLessThan(1);
    expect(Math.max(...shares)).toBeGreaterThan(1 / 300);
  });
});

/** The same block with as many groups as heads: rows that a group shares stand there once for each of its heads. */
function repeated(problem: Problem, pattern: number): Problem {
  const { heads, groups, headDim, state } = problem.dims as Record<string, number>;
  const shared = (of: number, size: number) =>
    range(0, heads).flatMap((h) => range(0, size).map((i) => Math.floor(h / (heads / of)) * size + i));
  const [x, B, C] = [
    pattern === 0 ? heads : groups,
    pattern === 2 ? heads : groups,
    pattern === 1 ? heads : groups,
  ];
  const rows = [
    ...shared(x, headDim),
    ...shared(B, state).map((row) => x * headDim + row),
    ...shared(C, state).map((row) => x * headDim + B * state + row),
  ];
  const own = (problem.dims.inner - heads * headDim) * 2 + heads * headDim;
  const total = x * headDim + (B + C) * state;
  const all = [...range(0, own), ...rows.map((row) => own + row), ...range(own + total, own + total + heads)];
  const dims = { ...(problem.dims as Record<string, number>), groups: heads };
  const inputs = Object.fromEntries(
    [
      ["inProj", "projected", all] as const,
      ...["convWeight", "convBias"].map((name) => [name, "channels", rows] as const),
    ].map(([name, axis, from]) => [name, take(problem.inputs[name] as GivenTensor, axis, from)]),
  );
  const settings = { ...problem.settings, pattern: 0 };
  return {
    ...withInputs(problem, inputs, { ...dims, ...sizesOf(dims as never, { pattern: 0 }, false) }),
    settings,
  };
}
