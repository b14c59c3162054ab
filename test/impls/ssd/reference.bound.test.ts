/**
 * The bound of ssd: float32 forms and the cpu engine's forms never exceed it, on random and on extreme problems, and it is not far
 * above what they really err: median of probable bound / error at the worst element at most 30 (numerics).
 */
import { describe, expect, it } from "vitest";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { chunkedCpu } from "../../../impls/ssd/chunked.cpu.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";
import { quadraticCpu } from "../../../impls/ssd/quadratic.cpu.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { agreement } from "../truth.js";
import { extremeValues, median, numbers } from "../values.js";
import { chunkedFloat32, quadraticFloat32, recurrentFloat32 } from "./float32.js";

const forms = [
  { name: "recurrent.cpu", impl: recurrentCpu, options: {} },
  { name: "quadratic.cpu", impl: quadraticCpu, options: {} },
  { name: "chunked.cpu", impl: chunkedCpu, options: { chunk: 8 } },
  { name: "recurrent in float32", impl: recurrentFloat32, options: {} },
  { name: "quadratic in float32", impl: quadraticFloat32, options: {} },
  { name: "chunked in float32", impl: chunkedFloat32, options: { chunk: 16 } },
];

const shapes = [
  { batch: 1, length: 65, heads: 2, groups: 1, headDim: 2, state: 16 },
  { batch: 1, length: 33, heads: 2, groups: 2, headDim: 1, state: 64 },
  { batch: 2, length: 1, heads: 1, groups: 1, headDim: 3, state: 5 },
  { batch: 1, length: 128, heads: 1, groups: 1, headDim: 1, state: 1 },
];

const decays = {
  none: () => 0,
  near1: (r: number) => -1e-4 * r,
  mixed: (r: number) => [0, Number.NEGATIVE_INFINITY, -1e4, -800, -90, -30, -r][Math.floor(7 * r)],
  strong: (r: number) => -20 * r,
};

function* extremeProblems(): Generator<Problem<Ssd>> {
  const random = numbers(77);
  for (const [i, dims] of shapes.entries())
    for (const decay of Object.values(decays))
      for (const scale of [1, 1e15, 1e-15]) {
        const sizes = randomProblem(ssd, { dims, with: ["dt", "initialState"] }).inputs;
        const values = extremeValues(sizes, random, (name, r) => {
          if (name === "logA") return decay(r);
          if (name === "dt") return r;
          return (2 * r - 1) * (name === "X" || name === "initialState" ? scale : 1);
        });
        yield givenProblem(ssd, { dims, seed: i, inputs: values });
      }
}

describe.each(forms)("bound of ssd, $name", ({ impl, options }) => {
  it("holds and is tight on random problems, seeds 0 to 11", async () => {
    const slack: number[] = [];
    for (let seed = 0; seed < 12; seed++) {
      const extras = seed % 2 === 1 ? (["dt", "initialState"] as const) : [];
      const problem = randomProblem(ssd, { dims: shapes[seed % 4], seed, with: extras });
      const { probable, worst } = await agreement(impl, problem, options);
      expect(probable, worst).toBeLessThanOrEqual(1);
      slack.push(1 / probable);
    }
    expect(median(slack)).toBeLessThanOrEqual(30);
  });

  it("is never exceeded on extreme problems", async () => {
    for (const problem of extremeProblems()) {
      const { certified, worst } = await agreement(impl, problem, options);
      expect(certified, worst).toBeLessThanOrEqual(1);
    }
  });
});

describe("what resets", () => {
  it.each(forms)(
    "$name: a decay of zero forgets a huge state, and nothing becomes NaN",
    async ({ impl, options }) => {
      const dims = { batch: 1, length: 20, heads: 1, groups: 1, headDim: 1, state: 1 };
      const ones = new Array(20).fill(1);
      const logA = ones.map((_, t) => (t === 10 ? Number.NEGATIVE_INFINITY : t === 15 ? -1e4 : 0));
      const inputs = { X: ones, logA, B: ones, C: ones, initialState: [1e37] };
      const { certified, worst } = await agreement(impl, givenProblem(ssd, { dims, inputs }), options);
      expect(certified, worst).toBeLessThanOrEqual(1);
    },
  );
});
