/** Sizes from the command line: what they replace, what follows them, and what is told of those that cannot be. */
import { describe, expect, it } from "vitest";
import { anchor } from "../../../suites/anchor.js";
import { chooseSuites } from "../../../suites/index.js";
import { models } from "../../../suites/models.js";
import { parseAxes, withAxes } from "../../../suites/plan/axes.js";
import { sequenceLength } from "../../../suites/sequence-length.js";
import { stateSize } from "../../../suites/state-size.js";
import type { Suite } from "../../../suites/suite.js";

type Dims = Readonly<Record<string, number>>;

function curves(suite: Suite, ...texts: string[]) {
  const [reshaped] = withAxes([suite], parseAxes(texts), "quick");
  return reshaped.curves("quick", 1);
}

/** Of one operator: for each curve, one size of each problem. */
function sizes(suite: Suite, operator: string, size: string, ...texts: string[]) {
  return curves(suite, ...texts)
    .filter((curve) => curve.operator.name === operator)
    .map(({ problems }) => problems.map(({ dims }) => (dims as Dims)[size]));
}

describe("sizes replace a suite's own", () => {
  it("along its axis: one curve at those sizes, smallest first, each once", () => {
    expect(sizes(sequenceLength, "ssd", "length", "length=3000,1000", "length=1000")).toEqual([[1000, 3000]]);
  });

  it("across it: a curve a size", () => {
    const own = [16, 32, 64, 128, 256];
    expect(sizes(stateSize, "ssd", "state", "length=100,200")).toEqual([own, own]);
    expect(sizes(stateSize, "ssd", "length", "length=100,200")).toEqual([
      Array(5).fill(100),
      Array(5).fill(200),
    ]);
  });

  it("of a single problem: a curve along the first list", () => {
    expect(sizes(anchor, "ssd", "length", "state=48", "length=9,5")).toEqual([[5, 9]]);
    expect(sizes(anchor, "ssd", "state", "state=48", "length=9,5")).toEqual([[48, 48]]);
  });

  it("and leave an operator without that axis as it is", () => {
    expect(sizes(sequenceLength, "convolution", "length", "state=48")).toEqual(
      sizes(sequenceLength, "convolution", "length"),
    );
  });

  it("with what follows from them: inputs' shapes, the context, one key head a query head", () => {
    for (const { operator, problems } of curves(sequenceLength, "length=100", "heads=6"))
      for (const { dims, inputs } of problems) {
        const { length, heads, context = 100, groups } = dims as Dims;
        expect([length, heads, context], operator.name).toEqual([100, 6, 100]);
        if (groups !== undefined) expect(groups, operator.name).toBe(operator.name === "attention" ? 6 : 1);
        for (const source of Object.values(inputs))
          expect(source?.shape).toEqual(source?.axes.map((axis) => (dims as Dims)[axis]));
        if (operator.name === "ssd") expect(Object.keys(inputs)).toContain("dt");
      }
  });

  it("and a model keeps its name at another length or batch, not at another width", () => {
    const [longer] = curves(models, "length=64", "batch=3");
    expect(longer.workloads).toContain("mamba2-130m");
    const [wider] = curves(models, "state=48");
    expect(wider.workloads?.every((name) => name === undefined)).toBe(true);
  });
});

describe("what cannot be is told with what can", () => {
  it.each([
    [["length"], /"length" needs a name and sizes, as in --axis length=1000,3000/],
    [["length="], /needs a name and sizes/],
    [["length=0"], /size "0"; sizes are whole numbers from 1/],
    [["length=1e3"], /size "1e3"/],
    [["length=5,,6"], /size ""/],
    [["length=2147483648"], /from 1 to 1073741824/],
    [
      ["lenght=5"],
      /no problem of sequence-length has the axis "lenght"; the nearest is length, of batch, length/,
    ],
    [["__proto__=5"], /no problem of sequence-length has the axis "__proto__"/],
    [["chunk=8"], /no size of a problem: choose .* --filter chunk=/],
    [["heads=6", "groups=4"], /groups must divide heads, got groups=4 heads=6/],
    [["batch=1,2", `length=${Array.from({ length: 6000 }, (_, i) => i + 1)}`], /more than 10000 problems/],
  ])("%j", (texts, message) => {
    expect(() => withAxes(chooseSuites(["sequence-length"]), parseAxes(texts), "quick")).toThrow(message);
  });
});
