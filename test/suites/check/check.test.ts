/** What verification notices, and what it would not. The types: only a verified problem can be timed. */
import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import { open } from "../../../impls/engines/cpu.js";
import { type Lane, type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { boundKind, checkOutputs, type Truth } from "../../../suites/check/check.js";
import { chooseLanes } from "../../../suites/check/lanes.js";
import { measure } from "../../../suites/measure/measure.js";

const problem = randomProblem(ssd, {
  dims: { batch: 1, length: 65, heads: 2, groups: 1, headDim: 3, state: 5 },
  seed: 7,
});

async function prepared(of: Problem<typeof ssd> = problem) {
  const engine = await open();
  const one = await recurrentCpu.prepare(engine, of, {});
  return { engine, one, outputs: await one.read() };
}

function truth(lanes: readonly Lane[] = chooseLanes(ssd, problem as Problem).lanes, of = problem): Truth {
  return { operator: ssd, problem: of as Problem, lanes, reference: () => ssd.reference(of, lanes) };
}

async function verdictAfter(spoil: (Y: Float32Array, finalState: Float32Array) => void) {
  const { engine, one, outputs } = await prepared();
  const run = () => {
    one.run();
    spoil(outputs.Y, outputs.finalState);
  };
  return (await checkOutputs(engine, { ...one, run }, truth(), f32Rounding(0), () => 0)).verdict;
}

describe("verify", () => {
  it("passes a right kernel, with the error and bound of its worst element", async () => {
    const verdict = await verdictAfter(() => {});
    expect(verdict).toMatchObject({ status: "good", fingerprint: expect.stringMatching(/^[0-9a-f]+$/) });
    if (verdict.status !== "good") throw new Error();
    expect(verdict.errorU).toBeGreaterThan(0);
    expect(verdict.errorU).toBeLessThanOrEqual(verdict.boundU);
  });

  it("names one wrong element by place, flat index, got, wanted and bound", async () => {
    const index = (17 * 2 + 1) * 3 + 2;
    const verdict = await verdictAfter((Y) => {
      Y[index] += 0.01;
    });
    expect(verdict).toMatchObject({
      status: "rejected",
      mismatch: { output: "Y", index, place: "Y[batch=0 length=17 heads=1 headDim=2]" },
    });
    if (verdict.status !== "rejected") throw new Error();
    const { got, wanted, bound } = verdict.mismatch;
    expect(got - wanted).toBeCloseTo(0.01, 4);
    expect(bound).toBeLessThan(0.001);
  });

  it("finds a NaN in a lane that nobody compares", async () => {
    const { engine, one, outputs } = await prepared();
    const run = () => {
      one.run();
      outputs.Y[5] = Number.NaN;
    };
    const lanes: Lane[] = [{ kind: "element", index: 0 }];
    const { verdict, verified } = await checkOutputs(
      engine,
      { ...one, run },
      truth(lanes),
      f32Rounding(0),
      () => 0,
    );
    expect(verdict).toMatchObject({ status: "rejected", mismatch: { index: 5, got: Number.NaN } });
    expect(verified).toBeUndefined();
  });

  it("finds what one projection alone can see", async () => {
    const lanes: Lane[] = [{ kind: "projection", index: 1 }];
    const { engine, one, outputs } = await prepared();
    const run = () => {
      one.run();
      outputs.Y[(40 * 2 + 1) * 3 + 1] *= 1.001;
    };
    const { verdict } = await checkOutputs(engine, { ...one, run }, truth(lanes), f32Rounding(0), () => 0);
    expect(verdict).toMatchObject({
      status: "rejected",
      mismatch: { place: expect.stringContaining("projection of Y") },
    });
  });

  it("rejects zeros, and a result that is a token late", async () => {
    expect(await verdictAfter((Y) => Y.fill(0))).toMatchObject({ status: "rejected" });
    expect(await verdictAfter((Y) => Y.copyWithin(6, 0))).toMatchObject({ status: "rejected" });
    expect(await verdictAfter((_, state) => state.fill(0))).toMatchObject({
      status: "rejected",
      mismatch: { output: "finalState" },
    });
  });

  it("calls a bound vacuous that zeros or a late result would pass", async () => {
    const { engine, one } = await prepared();
    const loose = { ...f32Rounding(0), storage: 1, roundings: 100 };
    const { verdict, verified } = await checkOutputs(engine, one, truth(), loose, () => 0);
    expect(verdict).toMatchObject({ status: "vacuous", reason: expect.stringContaining("all-zero") });
    expect(verified).toBeUndefined();
  });

  it("holds random inputs to the probable bound, given ones to the certified", () => {
    expect(boundKind(problem as Problem)).toBe("probable");
    const data = new Float64Array(65 * 2).fill(-0.1);
    const logA = { kind: "given", axes: ["batch", "length", "heads"], shape: [1, 65, 2], data } as const;
    expect(boundKind({ ...problem, inputs: { ...problem.inputs, logA } } as unknown as Problem)).toBe(
      "certified",
    );
  });
});

it("measure takes a verified problem and nothing else", async () => {
  const { engine, one } = await prepared();
  const turn = { count: 2, repeats: 1, now: () => 0 };
  const neverCalled = () => {
    // @ts-expect-error an unverified Prepared cannot be timed
    void measure(engine, one, turn);
  };
  expect(neverCalled).toBeTypeOf("function");
  const { verified } = await checkOutputs(engine, one, truth(), f32Rounding(0), () => 0);
  expect(await measure(engine, verified!, turn)).toHaveLength(2);
});
