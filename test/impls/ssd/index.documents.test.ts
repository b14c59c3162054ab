/** Packed ssd: the same bits as apart where chunks begin with documents, exact resets, steps of a known value, states of documents. */
import { afterAll, describe, expect, it } from "vitest";
import { givenDocuments } from "../../../impls/documents.js";
import { open as openCpu } from "../../../impls/engines/cpu.js";
import { open } from "../../../impls/engines/wasm.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { givenProblem, type Outputs, type Problem, randomProblem } from "../../../impls/operator.js";
import { chunkedCpu } from "../../../impls/ssd/chunked.cpu.js";
import { chunkedWasm } from "../../../impls/ssd/chunked.wasm.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";
import { quadraticCpu } from "../../../impls/ssd/quadratic.cpu.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { recurrentWasm } from "../../../impls/ssd/recurrent.wasm.js";
import { alongAxis, range, take } from "../../../suites/laws/edit.js";
import { materialise } from "../../../suites/mutants/mutate.js";
import { outputsOn } from "../truth.js";

const cpu = await openCpu();
const wasm = await open();
afterAll(() => wasm.close());

const dims = { batch: 1, length: 96, heads: 2, groups: 1, headDim: 5, state: 6 };
/** Multiples of 24. */
const LENGTHS = [24, 48, 24];

/** Every input as given values, with the row cut into LENGTHS. */
function packed(): Problem<Ssd> {
  const random = randomProblem(ssd, { dims, seed: 4, with: ["dt", "D", "initialState"] });
  const inputs = Object.fromEntries(
    Object.keys(random.inputs).map((name) => [name, materialise(ssd, random as Problem, name)]),
  );
  return { ...random, inputs: { ...inputs, documents: givenDocuments([LENGTHS]) } } as Problem<Ssd>;
}

const run = (impl: AnyImplementation, problem: Problem, options: object = {}): Promise<Outputs<Ssd>> =>
  outputsOn(
    (impl.engine === "wasm" ? wasm : cpu) as never,
    impl as never,
    problem as never,
    options,
  ) as never;

describe.each([
  { name: "chunked.cpu", impl: chunkedCpu, options: { chunk: 8 } },
  { name: "recurrent.cpu", impl: recurrentCpu, options: {} },
  { name: "chunked.wasm", impl: chunkedWasm, options: { chunk: 24, threads: 1 } },
  { name: "chunked.wasm, two threads", impl: chunkedWasm, options: { chunk: 12, threads: 2 } },
  { name: "recurrent.wasm", impl: recurrentWasm, options: { threads: 1 } },
])("packed ssd, $name", ({ impl, options }) => {
  it("has the bits of its documents apart, and their states", async () => {
    const problem = packed();
    const whole = await run(
      impl,
      { ...problem, dims: { ...problem.dims, documents: 4 } } as Problem,
      options,
    );
    const { Y } = await run(impl, problem as Problem, options);
    expect(Y).toEqual(whole.Y);
    const width = dims.heads * dims.headDim;
    let start = 0;
    for (const [k, length] of LENGTHS.entries()) {
      const { documents: _, initialState, ...inputs } = problem.inputs;
      const own = {
        ...problem,
        inputs: k === 0 ? { ...inputs, initialState } : inputs,
      } as unknown as Problem;
      const part = alongAxis(
        own,
        ["length"],
        (source, axis) => take(source, axis, range(start, start + length)),
        {
          length,
        },
      );
      const alone = await run(impl, part, options);
      expect([...Y.slice(start * width, (start + length) * width)]).toEqual([...alone.Y]);
      const states = Array.from(
        alone.finalState,
        (_, i) => whole.documentStates![(Math.floor(i / dims.state) * 4 + k) * dims.state + (i % dims.state)],
      );
      expect(states).toEqual([...alone.finalState]);
      start += length;
    }
    const behind = whole.documentStates!.filter((_, i) => Math.floor(i / dims.state) % 4 === 3);
    expect(behind.every((value) => value === 0)).toBe(true);
  });
});

it("a NaN stays in its document in the recurrent form on cpu, and an initial state with a first document of id 0", async () => {
  const one = { batch: 2, length: 4, heads: 1, groups: 1, headDim: 1, state: 1 };
  const ones = new Array(8).fill(1);
  const X = [Number.NaN, 1, 1, 1, 1, 1, 1, 1];
  const documents = [0, 0, 5, 5, 3, 3, 0, 0];
  const inputs = { X, logA: ones.map(() => 0), B: ones, C: ones, documents, initialState: [10, 10] };
  const { Y } = await run(recurrentCpu, givenProblem(ssd, { dims: one, inputs }) as Problem);
  expect([...Y]).toEqual([Number.NaN, Number.NaN, 1, 2, 1, 2, 1, 2]);
});

it("steps are softplus(dt + dtBias) within limits, and decays their product with A", async () => {
  const one = { batch: 1, length: 4, heads: 1, groups: 1, headDim: 1, state: 1 };
  const ones = new Array(4).fill(1);
  // softplus of -1, 1, 24 is 0.3133, 1.3133, 24; limits 0.5 and 2
  const inputs = { X: ones, logA: [-0.5], B: ones, C: ones, dt: [-2, 0, 23, 0], dtBias: [1] };
  const settings = { softplus: true, dtMin: 0.5, dtMax: 2 };
  const problem = givenProblem(ssd, { dims: one, inputs, layouts: { logA: ["heads"] }, settings });
  const steps = [0.5, Math.log1p(Math.E), 2, Math.log1p(Math.E)];
  const wanted: number[] = [];
  for (const step of steps) wanted.push(Math.exp(-0.5 * step) * (wanted.at(-1) ?? 0) + step);
  for (const impl of [recurrentCpu, chunkedCpu, quadraticCpu, recurrentWasm, chunkedWasm]) {
    const options = impl === chunkedWasm ? { chunk: 12, threads: 1 } : {};
    const { Y } = await run(impl, problem as Problem, options);
    for (const [t, value] of wanted.entries()) expect(Y[t]).toBeCloseTo(value, 5);
  }
});

it("says what is missing: steps for a bias or a rate, documents for their states, room for all of them", () => {
  const inputs = { X: [1], B: [1], C: [1] };
  const one = { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 };
  const given = (more: object, layouts = {}, extra = {}) =>
    givenProblem(ssd, { dims: { ...one, ...extra }, inputs: { ...inputs, ...more }, layouts } as never);
  expect(() => given({ logA: [0], dtBias: [1] })).toThrow("dtBias needs dt");
  expect(() => given({ logA: [0] }, { logA: ["heads"] })).toThrow("logA (heads) needs dt");
  expect(() => given({ logA: [0] }, {}, { documents: 2 })).toThrow("the problem has no documents");
  const two = { ...packed(), dims: { ...dims, documents: 2 } };
  expect(ssd.invalid!(two as Problem<Ssd>)).toBe("a row has 3 documents, and states of 2 are asked for");
});
