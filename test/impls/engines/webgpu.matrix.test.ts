/**
 * What the forms on the matrix unit give their kernels, on Dawn's null backend: their own plans, flags and arguments, with tiles in
 * workgroup memory cut down to what that backend has. So Dawn itself says whether the bindings that were read are those it wants.
 */
import { afterAll, expect, it } from "vitest";
import { attention } from "../../../impls/attention/operator.js";
import { tiledWebgpu } from "../../../impls/attention/tiled.webgpu.js";
import { bindingsOf } from "../../../impls/engines/webgpu/device/bindings.js";
import type { Program } from "../../../impls/engines/webgpu/device/device.js";
import { type KernelSource, kernelText } from "../../../impls/engines/webgpu/device/source.js";
import { open, type WebGpuEngine } from "../../../impls/engines/webgpu.js";
import { randomProblem } from "../../../impls/operator.js";
import { chunkedWebgpu } from "../../../impls/ssd/chunked.webgpu.js";
import { ssd } from "../../../impls/ssd/operator.js";

const opened = await open("null");
afterAll(() => opened.close());
const { gpu } = opened;

/** An adapter with a matrix unit. */
const engine: WebGpuEngine = {
  ...opened,
  matrixShapes: [{ M: 16, N: 16, K: 16 }] as unknown as WebGpuEngine["matrixShapes"],
  subgroupSize: 32,
  limits: {
    maxComputeWorkgroupStorageSize: 49152,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxStorageBuffersPerShaderStage: 16,
  } as GPUSupportedLimits,
};

/** Elements of the variables in workgroup memory: as many as one matrix spans, Dawn looks after that, too. */
const elements = (variable: string, type: string) =>
  ({ pool: 300, F: 620 })[variable] ?? (type.startsWith("vec4") ? 200 : 400);

/** Pipelines with more storage buffers than the null backend has: all else about them is in order. */
const wide = new Set<GPUComputePipeline>();

const program = gpu.program.bind(gpu);
gpu.program = (source) => ("matrix" in source && source.matrix ? shrunk(source) : program(source));
const bind = gpu.bind.bind(gpu);
gpu.bind = (kernel, entries, grid) => {
  if (!wide.has(kernel.pipeline)) return bind(kernel, entries, grid);
  return { pipeline: kernel.pipeline, bindGroup: {} as GPUBindGroup, grid };
};

async function shrunk(source: KernelSource): Promise<Program> {
  const name = source.url.pathname.split("/").pop()!;
  const text = await kernelText(source);
  const code = text.replace(
    /var<workgroup> (\w+): array<(.*), [^,\n]*>;/g,
    (_, variable, type) => `var<workgroup> ${variable}: array<${type}, ${elements(variable, type)}>;`,
  );
  expect(code).not.toBe(text);
  const bindings = bindingsOf(code);
  const module = gpu.device.createShaderModule({ code, label: name });
  const pipeline = await gpu
    .checked(name, () =>
      gpu.device.createComputePipelineAsync({ label: name, layout: "auto", compute: { module } }),
    )
    .catch((error: Error) => {
      const [, count] = /^The number of storage buffers \((\d+)\)/.exec(error.message) ?? [];
      if (count === undefined) throw error;
      expect(bindings.filter(({ isUniform }) => !isUniform)).toHaveLength(Number(count));
      const standIn = { label: name } as GPUComputePipeline;
      wide.add(standIn);
      return standIn;
    });
  return { name, pipeline, bindings };
}

/** The kernels of one run, in order. */
async function kernelsOf(
  prepared: ReturnType<typeof chunkedWebgpu.prepare> | ReturnType<typeof tiledWebgpu.prepare>,
) {
  const ready = await prepared;
  await gpu.settle();
  const names: string[] = [];
  await ready.run({ dispatch: ({ pipeline }) => names.push(pipeline.label.replace(/\.wgsl$/, "")) });
  await ready.dispose();
  return names;
}

const walked = ["chunked.matrix.states", "chunked.matrix.walk"];
const passed = ["chunked.matrix.states", "chunked.matrix.pass", "chunked.matrix.walk"];
const blockwise = ["chunked.matrix.states", "chunked.matrix.pass", "chunked.matrix.output"];

const all = ["dt", "D", "z", "initialState"] as const;

it.each([
  { chunk: 64, length: 130, headDim: 8, state: 16, kernels: walked, optional: [[], ["dt"], all] },
  { chunk: 64, length: 2560, headDim: 8, state: 8, kernels: passed, optional: [[], ["z"], all] },
  { chunk: 64, length: 130, headDim: 8, state: 72, kernels: blockwise, optional: [[], ["dt", "D"], all] },
  { chunk: 128, length: 300, headDim: 5, state: 100, kernels: blockwise, optional: [[], ["z"], all] },
] as const)("ssd chunk=$chunk length=$length headDim=$headDim state=$state", async (shape) => {
  const { chunk, kernels, optional, ...sizes } = shape;
  for (const inputs of optional) {
    const dims = { batch: 1, heads: 1, groups: 1, ...sizes };
    const problem = randomProblem(ssd, { dtype: "f16", seed: 1, dims, with: [...inputs] });
    const options = { chunk, make: "subgroup-matrix" };
    expect(await kernelsOf(chunkedWebgpu.prepare(engine, problem, options))).toEqual(kernels);
  }
});

it.each([{ headDim: 64 }, { headDim: 33 }])("attention headDim=$headDim", async ({ headDim }) => {
  const dims = { batch: 1, length: 70, context: 70, heads: 2, groups: 1, headDim, headDimV: headDim };
  const problem = randomProblem(attention, { dtype: "f16", seed: 1, dims });
  expect(await kernelsOf(tiledWebgpu.prepare(engine, problem, { make: "subgroup-matrix" }))).toEqual([
    "tiled.matrix",
  ]);
});
