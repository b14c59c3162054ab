/** Every wasm kernel against the float64 reference: odd sizes, optional inputs, extreme decays, both SIMD builds, any thread count. */
import { afterAll, describe, expect, it } from "vitest";
import { boundAt } from "../../../impls/bound.js";
import { open } from "../../../impls/engines/wasm.js";
import { type AnyImplementation, implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import {
  type AnyOperator,
  dimsFrom,
  givenProblem,
  type LaneReference,
  type Problem,
  randomProblem,
} from "../../../impls/operator.js";
import type { Inspection, Options } from "../../../impls/prepared.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { recurrentWasm as scanWasm } from "../../../impls/selective_scan/recurrent.wasm.js";
import { chunkedWasm } from "../../../impls/ssd/chunked.wasm.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { spans } from "../../../impls/ssd/wasm/arguments.js";
import { allLanes } from "../truth.js";

const engines = { relaxed: await open(), plain: await open("plain") };
afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.close())));

const kernels = implementations
  .filter(({ engine }) => engine === "wasm")
  .map((impl) => [implementationName(impl), impl] as const);

const recurrences = [
  { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 },
  { batch: 3, length: 1, heads: 2, groups: 1, headDim: 20, state: 33 },
  { batch: 2, length: 63, heads: 3, groups: 1, headDim: 13, state: 7 },
  { batch: 1, length: 64, heads: 4, groups: 2, headDim: 16, state: 16 },
  { batch: 2, length: 65, heads: 4, groups: 2, headDim: 24, state: 10 },
  { batch: 1, length: 300, heads: 8, groups: 4, headDim: 5, state: 3 },
];
/** A pair of entries is the least that turns. */
const turned = recurrences
  .filter(({ state }) => state > 1)
  .map((dims) => ({ ...dims, pairs: Math.ceil(dims.state / 3) }));
const attentions = [
  { batch: 1, length: 1, context: 1, heads: 1, groups: 1, headDim: 1, headDimV: 1 },
  { batch: 2, length: 65, context: 65, heads: 4, groups: 2, headDim: 16, headDimV: 24 },
  { batch: 1, length: 110, context: 110, heads: 3, groups: 3, headDim: 7, headDimV: 33 },
  { batch: 1, length: 63, context: 120, heads: 2, groups: 1, headDim: 13, headDimV: 7 },
];
const convolutions = [
  { batch: 1, length: 1, heads: 1, headDim: 1 },
  { batch: 2, length: 65, heads: 1, headDim: 13 },
  { batch: 1, length: 2, heads: 1, headDim: 3 },
  { batch: 1, length: 1000, heads: 2, headDim: 4 },
];

const filters = [
  { batch: 1, length: 1, heads: 1, headDim: 1, width: 2, past: 1 },
  { batch: 2, length: 3, heads: 1, headDim: 5, width: 4, past: 3 },
  { batch: 2, length: 300, heads: 3, headDim: 7, width: 3, past: 2 },
  { batch: 1, length: 129, heads: 2, headDim: 16, width: 4, past: 3 },
];
const norms = [
  { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1 },
  { batch: 2, length: 33, heads: 4, groups: 2, headDim: 7 },
  { batch: 1, length: 65, heads: 6, groups: 1, headDim: 33 },
];
const steps = recurrences.map(({ length, ...dims }) => ({ ...dims, context: length }));
const caches = [
  { batch: 1, context: 1, heads: 1, groups: 1, headDim: 1, headDimV: 1 },
  { batch: 2, context: 63, heads: 6, groups: 2, headDim: 13, headDimV: 24 },
  { batch: 1, context: 2051, heads: 4, groups: 2, headDim: 16, headDimV: 7 },
  { batch: 1, context: 4096, heads: 2, groups: 1, headDim: 5, headDimV: 33 },
];
/** Whole blocks: what follows from these sizes is derived. */
const blocks = [
  {
    batch: 1,
    length: 1,
    heads: 1,
    groups: 1,
    headDim: 2,
    state: 1,
    modelDim: 1,
    inner: 2,
    rank: 1,
    width: 4,
    past: 3,
  },
  {
    batch: 2,
    length: 33,
    heads: 4,
    groups: 2,
    headDim: 6,
    state: 5,
    modelDim: 7,
    inner: 24,
    rank: 2,
    width: 4,
    past: 3,
  },
  {
    batch: 1,
    length: 70,
    heads: 2,
    groups: 1,
    headDim: 8,
    state: 16,
    modelDim: 20,
    inner: 16,
    rank: 3,
    width: 4,
    past: 3,
  },
];
/** Optional inputs that make a mask. */
const masks = [[], ["logA"], ["logGamma"], ["m"], ["logGamma", "m"], ["logA", "logGamma"], ["logA", "m"]];
const maskedShapes = [
  { batch: 1, length: 1, heads: 1, headDim: 1, headDimV: 1 },
  { batch: 2, length: 65, heads: 3, headDim: 5, headDimV: 9 },
  { batch: 1, length: 131, heads: 2, headDim: 12, headDimV: 6 },
];

/** A sequence in segments: no segment but the first, some of them empty, one chunk each. */
const segments: Options[] = [1, 2, 5].flatMap((threads) =>
  [1, 24].map((chunk) => ({ chunk, threads, make: "segments" })),
);

function problemsOf(operator: AnyOperator): Problem[] {
  if (["attention", "attention_grad"].includes(operator.name))
    return attentions.flatMap((dims) =>
      [{}, { causal: false, scale: -0.3 }, { causal: false, scale: 0.01 }]
        .filter((settings) => dims.length === dims.context || "causal" in settings)
        .map((settings) => randomProblem(operator, { dims, settings })),
    );
  if (operator.name === "convolution") return convolutions.map((dims) => randomProblem(operator, { dims }));
  if (operator.name === "masked_attention")
    return maskedShapes.flatMap((dims) =>
      masks.map((names) => randomProblem(operator, { dims, with: names as never, seed: dims.length })),
    );
  const optional = Object.keys(operator.inputs).filter((name) => operator.inputs[name].optional);
  if (operator.name.endsWith("_block")) {
    // a cache takes one token at a time
    const names = optional.filter((name) => !operator.inputs[name].axes.includes("context"));
    return blocks.flatMap((sizes) =>
      [[], names].map((used) =>
        randomProblem(operator, { dims: dimsFrom(operator, sizes, used), with: used as never }),
      ),
    );
  }
  // a random bias may be negative: without softplus a negative step makes the state grow without end
  const settings = operator.name.startsWith("selective_scan") ? { softplus: true } : {};
  const shapes =
    {
      ...{ causal_conv1d: filters, rms_norm_gated: norms, mamba3: turned },
      ...{ ssd_decode: steps, selective_scan_decode: steps, attention_decode: caches },
    }[operator.name] ?? recurrences;
  return shapes.flatMap((dims) => [
    randomProblem(operator, { dims }),
    randomProblem(operator, { dims, with: optional as never, settings }),
  ]);
}

/** Runs twice on poisoned outputs; the bits of both runs must be the same. */
async function outcome(
  impl: AnyImplementation,
  problem: Problem,
  options: Options,
  simd: keyof typeof engines,
) {
  const prepared = await impl.prepare(engines[simd], problem, options);
  await prepared.poison();
  await prepared.run(undefined);
  const got: Inspection = await prepared.inspect(allLanes(impl.operator, problem));
  await prepared.run(undefined);
  expect((await prepared.inspect([])).fingerprint).toBe(got.fingerprint);
  await prepared.dispose();
  return got;
}

/** Kept: one problem is given to a kernel in many options. */
const references = new WeakMap<Problem, readonly LaneReference[]>();
function referenceOf(operator: AnyOperator, problem: Problem): readonly LaneReference[] {
  const reference = references.get(problem) ?? [...operator.reference(problem, allLanes(operator, problem))];
  references.set(problem, reference);
  return reference;
}

/** Largest error as a share of both bounds, over all elements. */
async function share(
  impl: AnyImplementation,
  problem: Problem,
  options: Options,
  simd: keyof typeof engines = "relaxed",
) {
  const got = await outcome(impl, problem, options, simd);
  const rounding = impl.rounding(problem, options);
  const largest = { probable: 0, certified: 0 };
  for (const { lane, outputs } of referenceOf(impl.operator, problem))
    for (const [name, bounds] of Object.entries(outputs))
      got.lanes[lane.index][name].forEach((value, i) => {
        // equal infinities have no difference
        if (value === bounds.value[i]) return;
        const error = Math.abs(value - bounds.value[i]);
        const bound = boundAt(bounds, i, rounding);
        for (const kind of ["probable", "certified"] as const)
          largest[kind] = Math.max(
            largest[kind],
            Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / bound[kind],
          );
      });
  return largest;
}

describe.each(kernels)("%s", (_name, impl) => {
  const problems = problemsOf(impl.operator).filter((problem) => !impl.unsupported?.(problem, {}));
  const lengths: Options[] = [
    { chunk: 1 },
    { chunk: 7 },
    { chunk: 12 },
    { chunk: 64 },
    { chunk: 256 },
    ...segments,
  ];
  const asked = impl.form === "chunked" ? lengths : [];
  const taken = asked.filter((options) => !problems.some((problem) => impl.unsupported?.(problem, options)));
  const chunks: Options[] = taken.length > 0 ? taken : [{}];

  it("stays within the probable bound at odd sizes", async () => {
    for (const problem of problems)
      for (const options of chunks)
        expect(
          (await share(impl, problem, options)).probable,
          JSON.stringify({ ...problem.dims, ...options }),
        ).toBeLessThan(1);
  });

  it("does so without relaxed SIMD", async () => {
    for (const problem of problems.slice(2, 6))
      expect((await share(impl, problem, chunks[0], "plain")).probable).toBeLessThan(1);
  });

  it("gives the same bits for any number of threads", async () => {
    for (const problem of problems.slice(2, 6)) {
      const { fingerprint } = await outcome(impl, problem, { ...chunks[0], threads: 1 }, "relaxed");
      for (const threads of [2, 3])
        expect((await outcome(impl, problem, { ...chunks[0], threads }, "relaxed")).fingerprint).toBe(
          fingerprint,
        );
    }
  });
});

describe("selective_scan/recurrent.wasm", () => {
  it("gives the same bits by its fast path and by the one for exponents that exp2 has to hold at an end", async () => {
    const dims = { batch: 1, length: 20, heads: 1, groups: 1, headDim: 8, state: 9 };
    const values = (seed: number, count: number) =>
      Float64Array.from({ length: count }, (_, i) => Math.fround(0.5 + 0.4 * Math.sin(seed + 1.7 * i)));
    const outputs = async (lastDelta: number) => {
      const delta = values(1, 160);
      delta[7] = lastDelta;
      const A = values(2, 72).map((a) => -a);
      const inputs = { u: values(3, 160), delta, A, B: values(4, 180), C: values(5, 180) };
      const problem = givenProblem(selectiveScan, { dims, inputs });
      const prepared = await scanWasm.prepare(engines.relaxed, problem, {});
      await prepared.run();
      const Y = Float32Array.from((await prepared.read()).Y);
      prepared.dispose();
      return Y;
    };
    const [tame, wild, nan] = [await outputs(0.3), await outputs(1e4), await outputs(Number.NaN)];
    tame.forEach((y, i) => {
      if (i % 8 < 7) expect([wild[i], nan[i]]).toEqual([y, y]);
    });
    expect(tame[7]).not.toBe(wild[7]);
    expect(nan[7]).toBeNaN();
  });
});

describe("tasks of the chunked kernel", () => {
  it.each([1, 2, 3, 8])("cover all heads and slices on %i threads, once", (threads) => {
    for (const heads of [1, 2, 3, 8, 16])
      for (const slices of [1, 3, 8])
        for (const mostHeads of [0.4, 1, 2.5, 7.9, 100]) {
          const { headSpan, sliceSpan, tasks } = spans(
            threads,
            3,
            { ...recurrences[0], heads },
            slices,
            mostHeads,
          );
          expect(Number.isInteger(headSpan) && Number.isInteger(sliceSpan), `${headSpan}`).toBe(true);
          expect(tasks).toBe(3 * Math.ceil(heads / headSpan) * Math.ceil(slices / sliceSpan));
        }
  });

  it.each([
    [8, 8],
    [1, 8],
    [2, 6],
  ])("give two threads the same work at %i heads of %i slices", (heads, slices) => {
    const { headSpan, sliceSpan, tasks } = spans(2, 1, { ...recurrences[0], heads }, slices, 100);
    expect([heads % headSpan, slices % sliceSpan, tasks % 2]).toEqual([0, 0, 0]);
  });
});

describe("blocks of the chunked kernel", () => {
  it("are larger for threads, and the bits the same: states so small that they are flushed, over several blocks", async () => {
    const dims = { batch: 1, length: 5000, heads: 1, groups: 1, headDim: 16, state: 8 };
    const impulses = (width: number) =>
      Float64Array.from({ length: 5000 * width }, (_, i) => (Math.floor(i / width) % 700 === 0 ? 1 : 0));
    const problem = givenProblem(ssd, {
      dims,
      inputs: {
        X: impulses(16),
        logA: new Float64Array(5000).fill(-0.15),
        B: impulses(8),
        C: impulses(8).fill(1),
      },
    });
    const of = async (threads: number) =>
      (await outcome(chunkedWasm as AnyImplementation, problem, { chunk: 12, threads }, "relaxed"))
        .fingerprint;
    expect(await of(2)).toBe(await of(1));
  });
});

describe.each(kernels.filter(([name]) => name.startsWith("ssd/")))("%s", (_name, impl) => {
  const dims = { batch: 1, length: 100, heads: 2, groups: 1, headDim: 9, state: 10 };
  const random = (seed: number) => {
    const problem = randomProblem(ssd, { dims, seed });
    const values = (name: "X" | "logA" | "B" | "C") => {
      const [rows, cols] = name === "logA" ? [100, 2] : name === "X" ? [100, 18] : [100, 10];
      return Float64Array.from({ length: rows * cols }, (_, i) =>
        Math.fround(Math.sin(seed + i * 1.7 + problem.seed)),
      );
    };
    return { X: values("X"), logA: new Float64Array(200), B: values("B"), C: values("C") };
  };
  const withDecay = (decay: (i: number) => number) => {
    const inputs = random(5);
    inputs.logA.forEach((_, i) => {
      inputs.logA[i] = Math.fround(decay(i));
    });
    return givenProblem(ssd, { dims, inputs });
  };

  it.each([
    ["resets", (i: number) => (i % 14 < 2 ? Number.NEGATIVE_INFINITY : -0.1)],
    ["finite resets", (i: number) => (i % 14 < 2 ? -1e4 : -0.1)],
    ["underflowing products", () => -30],
    ["no decay", () => 0],
    ["growth between resets", (i: number) => (i % 22 < 2 ? -1e4 : 0.5)],
  ])("is right with %s", async (_case, decay) => {
    const problem = withDecay(decay);
    const segmented = impl.form === "chunked" ? segments : [];
    for (const options of [{ chunk: 6 }, { chunk: 24 }, { chunk: 100 }, ...segmented])
      expect((await share(impl, problem, options)).certified, JSON.stringify(options)).toBeLessThan(1);
  });

  it("is right where an impulse decays through denormals", async () => {
    const { X, logA, ...rest } = random(7);
    X.fill(0, 18);
    logA.forEach((_, i) => {
      logA[i] = Math.fround(i % 2 ? -0.9 : -2.3);
    });
    const problem = givenProblem(ssd, { dims, inputs: { X, logA, ...rest } });
    for (const options of impl.form === "chunked" ? [{ chunk: 12 }, ...segments] : [{}])
      expect((await share(impl, problem, options)).certified, JSON.stringify(options)).toBeLessThan(1);
  });

  it("keeps a NaN from earlier tokens", async () => {
    const { X, ...rest } = random(6);
    X.fill(Number.NaN, 50 * 18, 51 * 18);
    const prepared = await impl.prepare(
      engines.relaxed,
      givenProblem(ssd, { dims, inputs: { X, ...rest } }),
      { chunk: 24 },
    );
    await prepared.run(undefined);
    const { Y } = await prepared.read();
    expect(Y.slice(0, 50 * 18).every(Number.isFinite)).toBe(true);
    expect(Y.slice(50 * 18).every(Number.isNaN)).toBe(true);
    await prepared.dispose();
  });
});
