/** The reference of mamba3 against files made by a program of its own, and its angle against exact sums over the longest sequences. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open, type WasmEngine } from "../../../impls/engines/wasm.js";
import { chunkedCpu } from "../../../impls/mamba3/chunked.cpu.js";
import { chunkedWasm } from "../../../impls/mamba3/chunked.wasm.js";
import { type Mamba3, mamba3 } from "../../../impls/mamba3/operator.js";
import { inputReader, type Problem, randomProblem } from "../../../impls/operator.js";
import { mapGolden, parseGolden } from "../../../suites/vectors/index.js";
import { outputsOf, outputsOn, peakError, referenceOutputs } from "../truth.js";

const folder = new URL("../../fixtures/mamba3/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));

it.each(files)("%s: the reference gives what a program after the official test gives", (file) => {
  const mapping = mapGolden(parseGolden(readFileSync(new URL(file, folder)), file));
  if ("skip" in mapping) throw new Error(mapping.skip);
  for (const { problem, expected } of mapping.problems) {
    const outputs = referenceOutputs(mamba3, problem);
    expect(expected.map(({ output }) => output).sort()).toEqual(Object.keys(mamba3.outputs).sort());
    for (const { output, values } of expected)
      expect(peakError(outputs[output], values), output).toBeLessThan(1e-10);
  }
});

/** The issue's own number for the longest sequences, in radians. */
const MOST = 1e-5;
const LENGTH = 524_288;
const dims = { batch: 1, length: LENGTH, heads: 1, groups: 1, headDim: 1, state: 4, pairs: 2 };
const seed = 3;
/** One pair's angle never changes, so that errors of one sign add up; the other's is random. */
const problem: Problem<Mamba3> = (() => {
  const random = randomProblem(mamba3, { dims, seed });
  const drawn = inputReader(mamba3, random as Problem, "angles")!;
  const data = Float64Array.from({ length: 2 * LENGTH }, (_, i) => (i % 2 ? drawn.at(i >> 1, 1) : 0.7));
  const angles = { kind: "given", axes: mamba3.inputs.angles.axes, shape: [1, LENGTH, 1, 2], data } as const;
  return { ...random, inputs: { ...random.inputs, angles } };
})();

/** Sums of the angles in radians: each token's turn is a float64, and their sum modulo one turn is made of whole numbers. */
function exactAngles(): number[] {
  const [angles, dt] = ["angles", "dt"].map((name) => inputReader(mamba3, problem as Problem, name)!);
  return [0, 1].map((j) => {
    let sum = 0n;
    for (let t = 0; t < LENGTH; t++)
      sum += BigInt(Math.round(((Math.tanh(angles.at(t, j)) * dt.at(t, 0)) / 2) * 2 ** 80));
    const turn = 1n << 80n;
    return (2 * Math.PI * Number(((sum % turn) + turn) % turn)) / 2 ** 80;
  });
}

/** The shorter way round. */
function apart(got: number, wanted: number): number {
  const error = Math.abs(got - wanted);
  return Math.min(error, Math.abs(2 * Math.PI - error));
}

describe(`angles over ${LENGTH} tokens, seed ${seed}`, () => {
  const wanted = exactAngles();
  let wasm: WasmEngine;
  beforeAll(async () => {
    wasm = await open();
  });
  afterAll(() => wasm.close());

  it(`the reference and its bound: right within ${MOST} rad`, () => {
    const [reference] = mamba3.reference(problem, [{ kind: "element", index: 0 }]);
    const { value, promised } = reference.outputs.finalAngles;
    for (const j of [0, 1]) {
      expect(apart(value[j], wanted[j])).toBeLessThan(1e-9);
      // with the last rounding to float32 the bound itself is below it
      expect(promised![j] + 4 * 2 * Math.PI * 2 ** -24).toBeLessThan(MOST);
    }
  });

  it(`the engines cpu and wasm: right within ${MOST} rad`, async () => {
    const onCpu = (await outputsOf(chunkedCpu, problem, { chunk: 8 })).finalAngles;
    const onWasm = (await outputsOn(wasm, chunkedWasm, problem, { chunk: 12 })).finalAngles;
    for (const j of [0, 1]) {
      expect(apart(onCpu[j], wanted[j])).toBeLessThan(MOST);
      expect(apart(onWasm[j], wanted[j])).toBeLessThan(MOST);
    }
  });
});
