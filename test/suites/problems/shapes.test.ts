import { expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { buildProblem } from "../../../suites/problems/build.js";
import { awkwardShapes } from "../../../suites/problems/shapes.js";

it("holds what grids do not have, each size as it is written: nothing is shrunk", () => {
  for (const operator of operators) {
    const specs = awkwardShapes(operator).map(({ spec }) => spec);
    const problems = specs.map((spec) => buildProblem(operator, spec, "f32"));
    const taken = (dim: string) => new Set(specs.map(({ dims }) => dims[dim]));
    const wanted: Record<string, number[]> = {
      batch: [3],
      heads: [5, 6],
      headDim: [1, 48, 80],
      // a pair of entries is the least that turns
      state: [(operator.dims as readonly string[]).includes("pairs") ? 2 : 1, 96],
      length: [1, 63, 65, 257],
    };
    for (const [dim, sizes] of Object.entries(wanted))
      if ((operator.dims as readonly string[]).includes(dim))
        for (const size of sizes) expect(taken(dim), `${operator.name} ${dim}`).toContain(size);
    if ((operator.dims as readonly string[]).includes("groups")) {
      const grouped = specs.filter(({ dims }) => dims.heads === 6).map(({ dims }) => dims.groups);
      expect(new Set(grouped), operator.name).toEqual(new Set([1, 2, 3]));
    }
    const optional = Object.keys(operator.inputs).filter((name) => operator.inputs[name].optional);
    for (const name of optional)
      expect(
        problems.some(({ inputs }) => name in inputs),
        `${operator.name} ${name}`,
      ).toBe(true);
  }
});
