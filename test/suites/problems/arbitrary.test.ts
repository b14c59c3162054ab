/** Generators: what they draw is valid, awkward often enough, the same for the same seed, and shrinks to something small. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { ssd } from "../../../impls/ssd/index.js";
import { specs } from "../../../suites/problems/arbitrary.js";
import { awkwardProblems } from "../../../suites/problems/awkward.js";
import { buildProblem } from "../../../suites/problems/build.js";
import { sizes } from "../../../suites/problems/sizes.js";
import { DECAYS, describeSpec, isOrdinary, type Spec, VALUES } from "../../../suites/problems/spec.js";
import { formatToken, parseToken } from "../../../suites/verify/token.js";

const seed = 11;

/** Of a step of decoding those before it. */
const tokens = ({ dims }: Spec) => dims.length ?? dims.context;

describe.each(operators.map((operator) => ({ name: operator.name as string, operator })))(
  `random problems of $name, seed ${seed}`,
  ({ operator }) => {
    const drawn = fc.sample(specs(operator), { seed, numRuns: 400 });

    it("are valid, within the limits of work and of size", () => {
      for (const spec of drawn) {
        const problem = buildProblem(operator, spec, "f32");
        const lanes = (operator.laneAxes as string[]).reduce((product, axis) => product * spec.dims[axis], 1);
        expect(lanes * operator.laneCost(problem), describeSpec(spec)).toBeLessThanOrEqual(600_000);
        expect(tokens(spec)).toBeLessThanOrEqual(400);
        expect(spec.dims.headDim ?? spec.dims.inner).toBeLessThanOrEqual(128);
        expect(spec.dims.state ?? 1).toBeLessThanOrEqual(256);
      }
    });

    it("like awkward lengths and sizes, and draw every kind of value, decay and optional input", () => {
      const share = (holds: (spec: Spec) => boolean) => drawn.filter(holds).length / drawn.length;
      expect(share((spec) => [1, 63, 64, 65].includes(tokens(spec)))).toBeGreaterThan(0.05);
      expect(share((spec) => tokens(spec) > 256)).toBeGreaterThan(0.005);
      expect(share(isOrdinary)).toBeGreaterThan(0.2);
      expect(share(isOrdinary)).toBeLessThan(0.8);
      expect(share(({ scale }) => scale !== undefined)).toBeGreaterThan(0.05);
      for (const kind of VALUES)
        expect(
          share(({ values }) => values === kind),
          kind,
        ).toBeGreaterThan(0);
      for (const kind of DECAYS)
        expect(
          share(({ decay }) => decay === kind),
          kind,
        ).toBeGreaterThan(0);
      for (const [name, { optional }] of Object.entries<{ optional?: true }>(operator.inputs))
        if (optional)
          expect(
            share((spec) => spec.with.includes(name)),
            name,
          ).toBeGreaterThan(0.1);
    });

    it("are the same for the same seed", () => {
      expect(fc.sample(specs(operator), { seed, numRuns: 400 })).toEqual(drawn);
    });

    it("have outputs that float32 can hold", () => {
      for (const spec of drawn.slice(0, 60)) {
        const problem = buildProblem(operator, spec, "f32");
        for (const { outputs } of operator.reference(problem, [{ kind: "element", index: 0 }]))
          for (const { value } of Object.values<{ value: Float64Array }>(outputs))
            expect(
              value.every((one) => Math.abs(one) < 1e38),
              describeSpec(spec),
            ).toBe(true);
      }
    });

    it("have an awkward list whose titles are unique", () => {
      const titles = awkwardProblems(operator).map(({ title }) => title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(titles.length).toBeGreaterThan(30);
    });
  },
);

describe("shrinking", () => {
  it("finds the smallest size that still fails", async () => {
    const property = fc.property(sizes(400, [1, 63, 64, 65, 300]), (size) => size < 57);
    expect(fc.check(property, { seed }).counterexample).toEqual([57]);
  });

  it("drops everything that a failure does not need", () => {
    const property = fc.property(specs(ssd), (spec) => spec.dims.heads < 3 || !spec.with.includes("D"));
    const [spec] = fc.check(property, { seed, numRuns: 500 }).counterexample as [Spec];
    expect(spec).toMatchObject({
      dims: { batch: 1, length: 1, heads: 3, groups: 1, headDim: 1, state: 1 },
      values: "ones",
      decay: "none",
      with: ["D"],
      alternative: [],
      dtype: 0,
      seed: 0,
    });
    expect(spec.scale).toBeUndefined();
    expect(describeSpec(spec)).toBe(
      "ssd: heads=3, values ones, decay none, with D, softplus false, dtMin 0, dtMax 0, seed 0",
    );
  });
});

describe("replay tokens", () => {
  it("survive being written and read", () => {
    const token = { law: "split-resume", operator: "selective_scan", seed: 12, path: "7:0:3" };
    expect(formatToken(token)).toBe("split-resume.selective_scan.12.7-0-3");
    expect(parseToken(formatToken(token))).toEqual(token);
  });

  it("are refused when they are none", () => {
    for (const text of ["", "ssd", "a.b.c.d", "causality.ssd.1.", "causality.ssd.1.2-"])
      expect(() => parseToken(text)).toThrow("not a replay token");
  });
});
