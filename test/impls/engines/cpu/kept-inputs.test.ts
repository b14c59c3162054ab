/** Inputs of the host that are rewritten in place: the same values, whether those of before were kept or are made again. */
import { expect, it } from "vitest";
import type { Change } from "../../../../impls/change.js";
import { extentOf, KeptInputs } from "../../../../impls/engines/cpu/kept-inputs.js";
import { ssd } from "../../../../impls/ssd/index.js";
import { toFloat32, writeRows } from "../../../../impls/tensor.js";
import { GRIDS, gridProblem } from "../../../../suites/grids.js";

const problems = [1, 2].map((seed) =>
  gridProblem(ssd, { ...GRIDS.quick, heads: 2, headDim: 4 }, { length: 24, state: 8, dtype: "f32", seed }),
);
const valuesOf = (problem: (typeof problems)[number]) =>
  Object.fromEntries(
    Object.entries(problem.inputs).map(([name, source]) => [name, source && toFloat32(source, "f32")]),
  );

it.each([
  ["kept", Number.POSITIVE_INFINITY, 1],
  ["made again", 0, 3],
] as const)(
  "what was there before is %s: the values of either problem, in every copy",
  (_how, mostBytes, made) => {
    const copies = [valuesOf(problems[0]), valuesOf(problems[0])];
    let times = 0;
    const places = (change: Change) => {
      const { first, count } = extentOf(change);
      return copies.map((arrays) => arrays[change.name]!.subarray(first, first + count));
    };
    const kept = new KeptInputs(
      problems[0],
      places,
      ({ name, source, firstRow, rows }, [place]) => {
        if (name === "X") times++;
        writeRows(source, "f32", firstRow, rows, place);
      },
      mostBytes,
    );
    expect(copies[0]).not.toEqual(valuesOf(problems[1]));
    for (const next of [1, 0, 1]) {
      kept.rewrite(problems[next]);
      for (const copy of copies) expect(copy).toEqual(valuesOf(problems[next]));
    }
    expect(times).toBe(made);
  },
);
