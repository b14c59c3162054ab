/** Kernels for some sizes only get most problems in those sizes, and the table says how many. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { chunkedCpu } from "../../../impls/ssd/chunked.cpu.js";
import { chunkedCuda } from "../../../impls/ssd/chunked.cuda.js";
import { ssd } from "../../../impls/ssd/index.js";
import { specs } from "../../../suites/problems/arbitrary.js";
import { fitsGrain, onGrain } from "../../../suites/verify/grain.js";
import { formatTable, tableOf } from "../../../suites/verify/table.js";
import type { Target } from "../../../suites/verify/targets.js";

const seed = 5;
const drawn = fc.sample(specs(ssd), { seed, numRuns: 300 }).map((spec) => ({ spec }));
const place = { engine: "cuda", device: undefined, lacks: {} } as unknown as Target["place"];
const cuda = { impl: chunkedCuda, index: 0, place } as Target;
const cpu = { impl: chunkedCpu, index: 0, place } as Target;

it(`gives at least two thirds of the problems in sizes of the fastest kernels, seed ${seed}`, () => {
  const asDrawn = drawn.filter(({ spec }) => fitsGrain(cuda, spec)).length;
  const given = drawn.map((example) => onGrain(cuda, example));
  const fitting = given.filter(({ spec }) => fitsGrain(cuda, spec)).length;
  expect(asDrawn / drawn.length).toBeLessThan(0.5);
  expect(fitting / drawn.length).toBeGreaterThanOrEqual(2 / 3);
  expect(fitting).toBeLessThan(drawn.length);
});

it("rounds sizes up to the next multiple and leaves all else as it was drawn", () => {
  for (const example of drawn) {
    const { spec } = onGrain(cuda, example);
    const { headDim, state, ...others } = spec.dims;
    expect({
      ...spec,
      dims: { ...others, headDim: example.spec.dims.headDim, state: example.spec.dims.state },
    }).toEqual(example.spec);
    expect(headDim - example.spec.dims.headDim).toBeLessThan(8);
    expect(headDim).toBeGreaterThanOrEqual(example.spec.dims.headDim);
  }
});

it("leaves implementations alone that take all sizes alike", () => {
  for (const example of drawn) {
    expect(onGrain(cpu, example)).toBe(example);
    expect(fitsGrain(cpu, example.spec)).toBeUndefined();
  }
});

it("is told in a column of its own, where there is one to tell of", () => {
  const table = tableOf();
  table.count("plain", true);
  expect(formatTable(table.rows())[0]).not.toContain("on fast sizes");
  for (const fits of [true, true, false]) table.count("grained", true, fits);
  const [header, plain, grained] = formatTable(table.rows());
  expect(header).toMatch(/on fast sizes$/);
  expect(plain).toMatch(/ -$/);
  expect(grained).toMatch(/2 of 3$/);
});
