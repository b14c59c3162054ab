/** Every form of ssd on the cpu engine against the float64 reference, on odd sizes and with every optional input. */
import { describe, expect, it } from "vitest";
import { givenProblem, randomProblem } from "../../../impls/operator.js";
import { chunkedCpu } from "../../../impls/ssd/chunked.cpu.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { quadraticCpu } from "../../../impls/ssd/quadratic.cpu.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { agreement, outputsOf } from "../truth.js";

const forms = [
  { name: "recurrent", impl: recurrentCpu, options: {} },
  { name: "quadratic", impl: quadraticCpu, options: {} },
  ...[1, 7, 8, 64].map((chunk) => ({ name: `chunked chunk=${chunk}`, impl: chunkedCpu, options: { chunk } })),
];

const control = { batch: 1, length: 64, heads: 2, groups: 1, headDim: 4, state: 16 };
const shapes = {
  control,
  oneToken: { ...control, length: 1 },
  oneShortOfAChunk: { ...control, length: 63 },
  oneOverAChunk: { ...control, length: 65 },
  oneEverything: { batch: 1, length: 9, heads: 1, groups: 1, headDim: 1, state: 1 },
  oddEverything: { batch: 2, length: 37, heads: 6, groups: 3, headDim: 5, state: 3 },
  severalStateBlocks: { ...control, length: 30, heads: 5, headDim: 65, state: 130 },
};

describe.each(forms)("ssd $name", ({ impl, options }) => {
  it.each(Object.entries(shapes))("%s", async (_name, dims) => {
    const { probable, worst } = await agreement(impl, randomProblem(ssd, { dims, seed: 3 }), options);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  const extras = [["dt"], ["D"], ["z"], ["initialState"], ["dt", "D", "z", "initialState"]] as const;
  it.each(extras)("with %s %s %s %s", async (...given) => {
    const names = given.filter((name) => name !== undefined) as ("D" | "z" | "dt" | "initialState")[];
    const problem = randomProblem(ssd, { dims: shapes.oddEverything, seed: 5, with: names });
    const { probable, worst } = await agreement(impl, problem, options);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it("a NaN does not reach the tokens before it", async () => {
    const [length, at] = [20, 13];
    const ones = new Array(length).fill(1);
    const X = ones.map((one, t) => (t === at ? Number.NaN : one));
    const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 1 };
    const problem = givenProblem(ssd, { dims, inputs: { X, logA: ones.map(() => 0), B: ones, C: ones } });
    const { Y } = await outputsOf(impl, problem, options);
    expect([...Y]).toEqual(ones.map((_, t) => (t < at ? t + 1 : Number.NaN)));
  });

  it("an idle state ends at zero, not in denormals", async () => {
    const length = 256;
    const ones = new Array(length).fill(1);
    const X = ones.map((one, t) => (t === 0 ? one : 0));
    const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 1 };
    const inputs = { X, logA: ones.map(() => Math.log(0.5)), B: ones, C: ones };
    const { finalState } = await outputsOf(impl, givenProblem(ssd, { dims, inputs }), options);
    expect(finalState[0]).toBe(0);
  });
});
