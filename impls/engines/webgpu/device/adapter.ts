/** Which adapter, with which features and limits. */

import { inBrowser } from "../../platform.js";
import { type GpuOptions, openGpu } from "./gpu.js";

/** One shape of hardware matrix product that an adapter offers. */
export interface MatrixShape {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface AdapterOptions extends GpuOptions {
  /** Adapters that compute on the CPU are slow: used in tests, and when somebody asks for them by name. */
  readonly software?: boolean;
}

export interface OpenedAdapter {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  /** Value of the id's `device` key. */
  readonly name: string;
  readonly isSoftware: boolean;
  /** Whether Dawn or the browser adds bounds checks to every access. */
  readonly checksBounds: boolean;
}

export const MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

const wantedFeatures = [
  "timestamp-query",
  "shader-f16",
  "subgroups",
  MATRIX_FEATURE,
  "subgroup-size-control",
] as const;

const NO_ADAPTER = {
  page: "this browser offers no WebGPU adapter: update the graphics driver, or start it with --enable-unsafe-webgpu",
  node:
    "no WebGPU adapter: install a Vulkan driver and loader (Debian: libvulkan1 mesa-vulkan-drivers; NVIDIA: its driver), " +
    "or ask for the software one with --engine webgpu after npm install @sparticuz/chromium",
};

/**
 * Bounds checks are off on hardware unless asked for: no other library of kernels pays them, and on an H200 they cost matrix loads two
 * thirds of their rate. On adapters that compute on the CPU, where tests run, they are on.
 * @throws one sentence with what to install, or with what the adapter lacks
 */
export async function openAdapter(options: AdapterOptions): Promise<OpenedAdapter> {
  const { backend, adapter: wanted, fresh } = options;
  const robust = options.robust ?? backend === "null";
  const gpu = await openGpu({ backend, adapter: wanted, robust, fresh });
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error(inBrowser() ? NO_ADAPTER.page : NO_ADAPTER.node);
  const { info } = adapter;
  const isSoftware = computesOnCpu(info);
  if (isSoftware && !options.software) throw new Error(onlySoftware(info));
  if (isSoftware && options.robust === undefined && !inBrowser())
    return openAdapter({ ...options, robust: true });
  const features = wantedFeatures.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  const device = await adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: raisedLimits(adapter.limits),
  });
  const name = slug(info.device || info.description || info.vendor || "unknown");
  return { adapter, device, name, isSoftware, checksBounds: robust || inBrowser() };
}

function onlySoftware({ description, vendor, architecture }: GPUAdapterInfo): string {
  const name = description || `${vendor} ${architecture}`;
  const how = inBrowser() ? "choose the engine webgpu" : "name it with --engine webgpu";
  return `the only WebGPU adapter here (${name}) computes on the CPU: ${how} to use it all the same`;
}

/** Whether an adapter is a driver that computes on the CPU. */
export function computesOnCpu({
  isFallbackAdapter,
  architecture,
  device,
  description,
}: GPUAdapterInfo): boolean {
  const names = `${architecture} ${device} ${description}`;
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software/i.test(names);
}

/** The adapter's matrix shapes with f16 factors and f32 sums, largest first. */
export function matrixShapesOf({ info }: GPUAdapter): MatrixShape[] {
  const all = (info as { subgroupMatrixConfigs?: readonly MatrixShape[] }).subgroupMatrixConfigs ?? [];
  return [...all]
    .filter((shape) => shape.componentType === "f16" && shape.resultComponentType === "f32")
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
}

/** Every limit at what the adapter offers: Dawn's defaults are far below what a large GPU has. */
function raisedLimits(limits: GPUSupportedLimits): Record<string, number> {
  const raised: Record<string, number> = {};
  for (const name of [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxStorageBuffersPerShaderStage",
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
    "maxComputeWorkgroupSizeY",
    "maxComputeWorkgroupsPerDimension",
  ] as const)
    raised[name] = limits[name];
  return raised;
}

/** Values of case ids match [a-z0-9._-]+. */
export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "unknown"
  );
}
