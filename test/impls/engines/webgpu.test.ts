/** The WebGPU engine on a software adapter: on Linux x64 its absence fails these tests, since npm brings SwiftShader. */
import { afterAll, describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/index.js";
import { attentionDecode } from "../../../impls/attention_decode/index.js";
import { causalConv1d } from "../../../impls/causal_conv1d/index.js";
import { convolution } from "../../../impls/convolution/index.js";
import { chooseWgsl } from "../../../impls/engines/webgpu/device/wgsl.js";
import { halfBits, halfValue } from "../../../impls/engines/webgpu/problem/half.js";
import { planWindows } from "../../../impls/engines/webgpu/problem/windows.js";
import type { WebGpuEngine } from "../../../impls/engines/webgpu.js";
import {
  type AnyImplementation,
  implementationName,
  unsupportedReason,
} from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { gatherLane, laneTotal, laneView } from "../../../impls/lanes.js";
import { type AnyOperator, inputDtype, type Problem, randomProblem } from "../../../impls/operator.js";
import { type Options, rewriteInputs } from "../../../impls/prepared.js";
import { rmsNormGated } from "../../../impls/rms_norm_gated/index.js";
import { selectiveScan } from "../../../impls/selective_scan/index.js";
import { selectiveScanDecode } from "../../../impls/selective_scan_decode/index.js";
import { ssd } from "../../../impls/ssd/index.js";
import { recurrentWebgpu } from "../../../impls/ssd/recurrent.webgpu.js";
import { ssdDecode } from "../../../impls/ssd_decode/index.js";
import { type RandomTensor, roundTo, toFloat32 } from "../../../impls/tensor.js";
import { agreement, allLanes, heldAgainst } from "../truth.js";
import { here, openAdapter } from "./webgpu/adapter.js";

const engine: WebGpuEngine | undefined = await openAdapter();
const tiny: WebGpuEngine | undefined = await openAdapter({ maxBindingBytes: 4096 });
afterAll(() => {
  engine?.close();
  tiny?.close();
});

const ours = implementations.filter((impl) => impl.engine === "webgpu");
const form = (operator: AnyOperator) =>
  ours.filter((impl) => impl.operator === operator).map((impl) => ({ name: implementationName(impl), impl }));
const dtypes = engine?.has("shader-f16") ? (["f32", "f16"] as const) : (["f32"] as const);

/** Small, odd and everything optional; sizes that make a software adapter take seconds are left to real ones. */
const problems: Record<string, (dtype: "f32" | "f16") => Problem[]> = {
  ssd: (dtype) => [
    randomProblem(ssd, {
      dtype,
      seed: 1,
      dims: { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 },
    }),
    randomProblem(ssd, {
      dtype,
      seed: 2,
      dims: { batch: 2, length: 65, heads: 4, groups: 2, headDim: 5, state: 16 },
      with: ["dt", "D", "z", "initialState"],
    }),
    randomProblem(ssd, {
      dtype,
      seed: 3,
      dims: { batch: 1, length: 63, heads: 1, groups: 1, headDim: 40, state: 100 },
      with: ["dt"],
    }),
    randomProblem(ssd, {
      dtype,
      seed: 9,
      dims: { batch: 2, length: 70, heads: 2, groups: 1, headDim: 5, state: 9 },
      with: ["dt", "dtBias", "initialState", "documents"],
      settings: { softplus: true, dtMax: 1.5 },
      layouts: { logA: ["heads"] },
    }),
    // the recurrent form alone gives states of documents
    randomProblem(ssd, {
      dtype,
      seed: 12,
      dims: { batch: 2, length: 40, heads: 2, groups: 1, headDim: 5, state: 9, documents: 9 },
      with: ["documents"],
    }),
    randomProblem(ssd, {
      dtype,
      seed: 4,
      dims: { batch: 3, length: 1, heads: 2, groups: 1, headDim: 16, state: 64 },
      with: ["initialState"],
    }),
  ],
  selective_scan: (dtype) => [
    randomProblem(selectiveScan, {
      dtype,
      seed: 1,
      dims: { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 },
    }),
    randomProblem(selectiveScan, {
      dtype,
      seed: 2,
      dims: { batch: 2, length: 65, heads: 4, groups: 2, headDim: 5, state: 16 },
      with: ["D", "z", "deltaBias", "initialState"],
      settings: { softplus: true },
    }),
    randomProblem(selectiveScan, {
      dtype,
      seed: 9,
      dims: { batch: 2, length: 70, heads: 2, groups: 1, headDim: 5, state: 9 },
      with: ["initialState", "documents"],
    }),
    randomProblem(selectiveScan, {
      dtype,
      seed: 3,
      dims: { batch: 1, length: 63, heads: 1, groups: 1, headDim: 10, state: 100 },
    }),
  ],
  attention: (dtype) => [
    randomProblem(attention, {
      dtype,
      seed: 1,
      dims: { batch: 1, length: 1, context: 1, heads: 1, groups: 1, headDim: 1, headDimV: 1 },
    }),
    randomProblem(attention, {
      dtype,
      seed: 2,
      dims: { batch: 2, length: 65, context: 65, heads: 4, groups: 2, headDim: 16, headDimV: 40 },
    }),
    randomProblem(attention, {
      dtype,
      seed: 9,
      dims: { batch: 2, length: 70, context: 70, heads: 2, groups: 1, headDim: 5, headDimV: 9 },
      with: ["documents"],
      settings: { causal: false, window: 9 },
    }),
    randomProblem(attention, {
      dtype,
      seed: 3,
      dims: { batch: 1, length: 33, context: 70, heads: 1, groups: 1, headDim: 40, headDimV: 20 },
      settings: { causal: false, scale: 0.3 },
    }),
  ],
  convolution: (dtype) => [
    randomProblem(convolution, { dtype, seed: 1, dims: { batch: 1, length: 1, heads: 1, headDim: 1 } }),
    randomProblem(convolution, { dtype, seed: 2, dims: { batch: 2, length: 65, heads: 3, headDim: 5 } }),
    randomProblem(convolution, { dtype, seed: 3, dims: { batch: 1, length: 1100, heads: 1, headDim: 2 } }),
  ],
};

/** Windows of a short filter begin with tokens of the one before. */
const filter = (length: number, width: number) => ({
  batch: 2,
  length,
  heads: 2,
  headDim: 5,
  width,
  past: width - 1,
});
problems.causal_conv1d = (dtype) => [
  randomProblem(causalConv1d, { dtype, seed: 1, dims: { ...filter(1, 2), batch: 1, heads: 1, headDim: 1 } }),
  randomProblem(causalConv1d, {
    dtype,
    seed: 2,
    dims: filter(65, 4),
    with: ["bias", "initialState", "documents"],
  }),
  randomProblem(causalConv1d, {
    dtype,
    seed: 3,
    dims: filter(2, 3),
    with: ["initialState"],
    settings: { silu: false },
  }),
];
problems.rms_norm_gated = (dtype) =>
  [true, false].flatMap((normBeforeGate, seed) => [
    randomProblem(rmsNormGated, {
      dtype,
      seed,
      dims: { batch: 2, length: 17, heads: 4, groups: 2, headDim: 5 },
      with: ["bias", "z"],
      settings: { normBeforeGate },
    }),
    randomProblem(rmsNormGated, {
      dtype,
      seed,
      dims: { batch: 1, length: 3, heads: 1, groups: 1, headDim: 200 },
    }),
  ]);
const step = { batch: 2, context: 9, heads: 4, groups: 2, headDim: 5, state: 16 };
problems.ssd_decode = (dtype) => [
  randomProblem(ssdDecode, { dtype, seed: 1, dims: step, with: ["dt", "D", "z"] }),
  randomProblem(ssdDecode, {
    dtype,
    seed: 2,
    dims: { ...step, headDim: 33, state: 7 },
    with: ["dt", "dtBias"],
    settings: { softplus: true },
    layouts: { logA: ["heads"] },
  }),
];
problems.selective_scan_decode = (dtype) => [
  randomProblem(selectiveScanDecode, { dtype, seed: 1, dims: step, with: ["D", "z"] }),
];
problems.attention_decode = (dtype) =>
  [1, 17, 1030].map((context) =>
    randomProblem(attentionDecode, {
      dtype,
      seed: context,
      dims: { batch: 2, context, heads: 4, groups: 2, headDim: 9, headDimV: 20 },
      settings: context === 17 ? { window: 6 } : {},
    }),
  );

const operators: readonly AnyOperator[] = [
  ssd,
  selectiveScan,
  attention,
  convolution,
  causalConv1d,
  rmsNormGated,
  ssdDecode,
  selectiveScanDecode,
  attentionDecode,
];
const cases: { name: string; impl: AnyImplementation; problem: Problem; options: Options }[] = [];
for (const operator of here ? operators : [])
  for (const { name, impl } of form(operator))
    for (const dtype of dtypes)
      for (const problem of problems[operator.name]?.(dtype) ?? [])
        for (const options of (await impl.options?.(problem, engine as never)) ?? [{}])
          if (!problem.dims.documents || unsupportedReason(impl, problem, options) === undefined)
            cases.push({
              name: `${name} ${dtype} ${JSON.stringify(options)} ${JSON.stringify(problem.dims)}`,
              impl,
              problem,
              options,
            });

describe.runIf(here)("webgpu kernels against the float64 reference", () => {
  it.each(cases)("$name", async ({ impl, problem, options }) => {
    const { certified, worst } = await agreement(impl, problem as never, options, engine as never);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });
});

describe.runIf(here)("tensors split over bindings", () => {
  const split = (operator: AnyOperator, dims: Record<string, number>, extra: object = {}) =>
    form(operator)
      .filter(({ name }) => !/quadratic|materialised|tiled/.test(name))
      .map(({ name, impl }) => ({
        name,
        impl: impl as AnyImplementation,
        problem: randomProblem(operator, { dims, seed: 5, ...extra }),
      }));
  it.each([
    ...split(
      ssd,
      { batch: 2, length: 130, heads: 2, groups: 1, headDim: 8, state: 8 },
      { with: ["dt", "initialState"] },
    ),
    ...split(
      selectiveScan,
      { batch: 2, length: 130, heads: 2, groups: 1, headDim: 8, state: 4 },
      { with: ["initialState"] },
    ),
    ...split(convolution, { batch: 2, length: 300, heads: 1, headDim: 6 }),
    ...split(causalConv1d, filter(130, 4), { with: ["bias", "initialState", "documents"] }),
    ...split(causalConv1d, { ...filter(203, 3), headDim: 16 }, { with: ["initialState"] }),
    ...split(ssdDecode, { ...step, batch: 5 }, { with: ["dt"] }),
    ...split(selectiveScanDecode, { ...step, batch: 5 }),
    ...split(rmsNormGated, { batch: 2, length: 130, heads: 4, groups: 2, headDim: 8 }, { with: ["z"] }),
  ])("$name carries on from window to window", async ({ impl, problem }) => {
    const { certified, worst } = await agreement(impl, problem as never, undefined, tiny as never);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });

  // whole, and cut into windows: one kernel for the rows of each buffer that change
  it.each([
    { name: "whole", on: engine },
    { name: "in windows", on: tiny },
  ])("follows inputs that change in place, $name", async ({ on }) => {
    const dims = { batch: 2, length: 130, heads: 2, groups: 1, headDim: 8, state: 8 };
    const [first, second] = [1, 2].map((seed) => randomProblem(ssd, { dims, seed, with: ["dt"] }) as Problem);
    const patch = { seed: 9, firstRow: 120, rows: 20 };
    const X = { ...(first.inputs.X as RandomTensor), patch };
    const prepared = await recurrentWebgpu.prepare(on!, first as never, {});
    const lanes = allLanes(ssd, first);
    for (const problem of [second, first, { ...first, inputs: { ...first.inputs, X } }, second]) {
      await prepared[rewriteInputs]!(problem);
      await on!.once((launch) => prepared.run(launch));
      const { lanes: got } = await prepared.inspect(lanes);
      const rounding = recurrentWebgpu.rounding(problem as never, {});
      const { certified, worst } = heldAgainst(ssd, problem, rounding, lanes, got);
      expect(certified, worst).toBeLessThanOrEqual(1);
    }
    await prepared.dispose();
  });

  it("cuts whole batches first, then time, at a multiple of the chunk", () => {
    expect(planWindows(5, 10, 4, 90).map(({ batch0, batches }) => [batch0, batches])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
    expect(planWindows(1, 100, 4, 170, 16).map(({ token0, tokens }) => [token0, tokens])).toEqual([
      [0, 32],
      [32, 32],
      [64, 32],
      [96, 4],
    ]);
    expect(() => planWindows(1, 100, 4, 15, 16)).toThrow("16 tokens need 64 bytes");
  });
});

describe.runIf(here)("the engine", () => {
  const problem = randomProblem(ssd, {
    dims: { batch: 2, length: 33, heads: 3, groups: 3, headDim: 7, state: 5 },
    seed: 7,
    with: ["dt", "D", "z", "initialState"],
  });

  it.each([
    ...Object.keys(problem.inputs).map((name) => ({
      operator: ssd as AnyOperator,
      problem: problem as Problem,
      name,
    })),
    ...["A", "delta"].map((name) => ({
      operator: selectiveScan as AnyOperator,
      problem: problems.selective_scan!("f32")[1]!,
      name,
    })),
    ...["Q", "K"].map((name) => ({
      operator: attention as AnyOperator,
      problem: problems.attention!("f32")[1]!,
      name,
    })),
    { operator: convolution as AnyOperator, problem: problems.convolution!("f32")[2]!, name: "K" },
  ])("makes $name on the device, bit for bit", async ({ operator, problem, name }) => {
    const source = (problem.inputs as Problem["inputs"])[name]!;
    const stage = engine!.stage(operator, problem);
    const wanted = toFloat32(source, inputDtype(operator, problem, name) as "f32");
    const got = new Float32Array(
      await engine!.gpu.download(await stage.part(name, 0, wanted.length), wanted.byteLength),
    );
    expect(got).toEqual(wanted);
    stage.dispose();
  });

  it("gives the same bits twice, and finds an element that was never written", async () => {
    for (const { impl } of form(ssd)) {
      const prepared = await (impl as AnyImplementation).prepare(
        engine as never,
        problem as never,
        (await impl.options?.(problem, engine as never))?.[0] ?? {},
      );
      const prints: string[] = [];
      for (let i = 0; i < 2; i++) {
        await prepared.poison();
        const poisoned = await prepared.inspect([]);
        expect(poisoned.nonFinite?.total).toBeGreaterThan(0);
        await engine!.once((launch) => prepared.run(launch as never));
        const { fingerprint, nonFinite } = await prepared.inspect([]);
        expect(nonFinite).toBeUndefined();
        prints.push(fingerprint);
      }
      expect(prints[0]).toBe(prints[1]);
      await prepared.dispose();
    }
  });

  it.each(dtypes.flatMap((dtype) => ["whole", "in windows"].map((cut) => ({ dtype, cut }))))(
    "sums projections as the host does in float64: $dtype, $cut",
    async ({ dtype, cut }) => {
      const on = (cut === "whole" ? engine : tiny)!;
      const dims = { batch: 2, length: 33, heads: 2, groups: 1, headDim: 40, state: 4 };
      const plain = randomProblem(ssd, { dtype, dims, seed: 11, with: ["D", "initialState"] });
      expect(ssd.projection?.applies(plain)).toBe(true);
      const total = laneTotal(ssd, plain, "projection");
      const lanes = Array.from({ length: total }, (_, index) => ({ kind: "projection", index }) as const);
      const prepared = await recurrentWebgpu.prepare(on, plain, {});
      await on.once((launch) => prepared.run(launch));
      const outputs = await prepared.read();
      const inspection = await prepared.inspect(lanes);
      for (const [l, lane] of lanes.entries())
        for (const name of ["Y", "finalState"] as const) {
          const view = laneView(ssd, plain, name, lane);
          expect(view.terms).toBe(dims.headDim);
          const wanted = gatherLane(outputs[name], view);
          const size = gatherLane(Float64Array.from(outputs[name], Math.abs), { ...view, projected: false });
          // a rounding of f32 is kept a term; what is lost is a rounding of those, once a term
          const most = view.terms ** 2 * 2 ** -48;
          const got = inspection.lanes[l]![name];
          expect(got).toHaveLength(wanted.length);
          for (const [i, value] of got.entries())
            expect(Math.abs(value - wanted[i]!), `${name} ${l} ${i}`).toBeLessThanOrEqual(most * size[i]!);
        }
      await prepared.dispose();
    },
  );

  it("has a device clock where the adapter has timestamps, and repeats runs shorter than 100 ticks", async () => {
    const prepared = await (form(ssd)[0]!.impl as AnyImplementation).prepare(
      engine as never,
      problem as never,
      {},
    );
    const timing = await engine!.time(async (launch) => {
      await prepared.run(launch as never);
    }, 2);
    expect(timing.hostNs).toBeGreaterThan(0);
    if (engine!.has("timestamp-query")) expect(timing.deviceNs).toBeGreaterThan(0);
    const cold = await engine!.timeCold(async (launch) => {
      await prepared.run(launch as never);
    });
    expect(cold.hostNs).toBeGreaterThan(0);
    await prepared.dispose();
  });

  it("turns Dawn's validation error into an Error with its message", async () => {
    const url = new URL("../../../impls/engines/webgpu/clock/copy.wgsl", import.meta.url);
    await expect(engine!.gpu.program({ url, dtype: "f32", constants: { "1nonsense": 1 } })).rejects.toThrow(
      "copy.wgsl",
    );
    expect(() => engine!.gpu.buffer(2 ** 50, GPUBufferUsage.STORAGE)).toThrow("exceeds this adapter's");
  });

  it("measures ceilings", async () => {
    const { bytesPerS, flopsPerS } = await engine!.ceilings();
    expect(bytesPerS).toBeGreaterThan(1e6);
    expect(flopsPerS?.f32).toBeGreaterThan(1e6);
  });

  it("releases every byte", async () => {
    const before = engine!.gpu.liveBytes;
    const prepared = await (form(ssd)[0]!.impl as AnyImplementation).prepare(
      engine as never,
      problem as never,
      {},
    );
    expect(engine!.gpu.liveBytes).toBeGreaterThan(before);
    await prepared.dispose();
    expect(engine!.gpu.liveBytes).toBe(before);
  });
});

describe("parts without a device", () => {
  it("chooses WGSL by flags", () => {
    const text = "a\n//#if x\nb\n//#if !y\nc\n//#endif\n//#else\nd\n//#endif\ne";
    // lines keep their numbers
    const chosen = (...flags: readonly string[]) => chooseWgsl(text, new Set(flags)).split("\n");
    expect(chosen("x")).toEqual(["a", "", "b", "", "c", "", "", "", "", "e"]);
    expect(chosen("x", "y")).toEqual(["a", "", "b", "", "", "", "", "", "", "e"]);
    expect(chosen()).toEqual(["a", "", "", "", "", "", "", "d", "", "e"]);
    expect(() => chooseWgsl("//#if x", new Set())).toThrow("without //#endif");
  });

  it("rounds to half as tensor.ts does, ties and denormals included", () => {
    for (const value of [
      0,
      1,
      -1,
      1 / 3,
      65504,
      65519,
      65520,
      1e-7,
      2 ** -24,
      2 ** -25,
      3 * 2 ** -25,
      2 ** -14,
      2049,
      2051,
      -0.1,
      1 - 2 ** -12,
    ])
      expect(halfValue(halfBits(value)), String(value)).toBe(roundTo("f16", value));
    for (let bits = 0; bits < 0x7c00; bits++) expect(halfBits(halfValue(bits))).toBe(bits);
  });
});
