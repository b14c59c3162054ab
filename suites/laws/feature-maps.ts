import * as fc from "fast-check";
import { FEATURES, mamba2Block, partsOf } from "../../impls/mamba2_block/operator.js";
import { dimsFrom, type Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** B and C come of the convolution, whose taps and bias are changed. */
const PLAIN = { ordinary: true, work: 20_000, without: ["xProj"], with: ["convBias"] } as const;

/** Sizes whose root is a power of two: 1 / sqrt(N) is exact. */
const STATES = [4, 1, 16, 64];

/** A layer norm that forgets the mean, and random features of another size or with another square, differ. */
export const featureMaps = defineLaw({
  name: "feature-maps",
  states:
    "a layer norm does not see what is added to all numbers of a group; random features of zeros are 1 / sqrt(N)",
  source:
    "arXiv 1607.06450, section 3, table 1: invariance to re-centring; arXiv 2009.14794, lemma 1 at x = 0",
  operators: [mamba2Block],
  exact: [],
  cases: (operator) =>
    fc
      .record({
        feature: fc.constantFrom("layer-norm" as const, "random" as const),
        spec: specs(operator, PLAIN),
        state: fc.constantFrom(...STATES),
        shift: fc.constantFrom(1, -2, 4),
      })
      .map(({ feature, spec, state, shift }) => {
        const settings = { ...spec.settings, features: FEATURES.indexOf(feature) };
        const dims =
          feature === "random" ? dimsFrom(operator, { ...spec.dims, state }, spec.with, settings) : spec.dims;
        return { feature, spec: { ...spec, dims, settings }, shift };
      }),
  describe: ({ feature, shift }) =>
    feature === "random" ? "B and C of zeros" : `${shift} added to B and C behind the convolution`,
  async holds({ feature, spec, shift }, subject) {
    const { operator } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    const [problem, other] = feature === "random" ? ofZeros(drawn) : shifted(drawn, shift);
    const [before, after] = [await subject.run(problem), await subject.run(other)];
    const found = difference({
      operator,
      problem,
      output: "Y",
      got: before.values.Y,
      wanted: (i) => after.values.Y[i],
      tolerance: (i) => before.bounds.Y.certified[i] + after.bounds.Y.certified[i],
      what: feature,
    });
    return found ? violated(found) : HOLDS;
  },
});

/** The same block with other numbers added to B and to C, each the same for a group. The bias is made so short that sums are exact. */
function shifted(problem: Problem, shift: number): [Problem, Problem] {
  const { first, state } = placesOf(problem);
  const short = mapValues(given(problem, "convBias"), (value) => Math.round(value * 2 ** 12) / 2 ** 12);
  const moved = mapValues(short, (value, c) =>
    c < first ? value : value + shift * (1 + (Math.floor((c - first) / state) % 3)),
  );
  return [withInputs(problem, { convBias: short }), withInputs(problem, { convBias: moved })];
}

/** Features of zeros, and no map of what they are. */
function ofZeros(problem: Problem): [Problem, Problem] {
  const { first, state } = placesOf(problem);
  const { width } = problem.dims;
  const with0 = (name: string, each: number, value = 0): GivenTensor =>
    mapValues(given(problem, name), (own, i) => (i < first * each ? own : value));
  const convWeight = with0("convWeight", width);
  const settings = { ...problem.settings, features: FEATURES.indexOf("identity") };
  return [
    withInputs(problem, { convWeight, convBias: with0("convBias", 1) }),
    {
      ...withInputs(problem, { convWeight, convBias: with0("convBias", 1, 1 / Math.sqrt(state)) }),
      settings,
    },
  ];
}

/** The first channel of the convolution that is B's. */
function placesOf({ dims, settings }: Problem) {
  return { first: partsOf(dims as never, settings as never).x, state: dims.state };
}
