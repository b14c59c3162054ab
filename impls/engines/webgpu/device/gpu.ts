import { inBrowser } from "../../platform.js";

/**
 * Where `navigator.gpu` comes from. In a page it is the browser's; in Node it is Dawn (npm `webgpu`), opened once a process:
 * two instances in one process would each hold the driver. Toggles are fixed when the instance is made.
 */
export interface GpuOptions {
  /** "vulkan" etc. as Dawn names them; "null" validates shaders without any driver. */
  readonly backend?: string | undefined;
  /** Part of the adapter's name as Dawn prints it; only needed on machines with several. */
  readonly adapter?: string | undefined;
  /** Bounds checks that Dawn adds to every access; a page always has them. */
  readonly robust?: boolean | undefined;
  /** Kernels of others run here: they may count on zeroed workgroup memory. */
  readonly zeroed?: boolean | undefined;
  /** Another instance, where an earlier one found no driver and would repeat that answer. */
  readonly fresh?: boolean | undefined;
}

/** Not a literal import: a page's bundler would follow it into Node's native code. */
const DAWN = "webgpu";

const instances = new Map<string, Promise<GPU>>();

export function dawnFlags(options: GpuOptions): string[] {
  // f16 stays off on NVIDIA without its toggle; subgroup matrices need the unsafe one; zeroing workgroup memory costs a pass
  // over it a dispatch, and every kernel here writes what it reads.
  const enable = ["allow_unsafe_apis", "vulkan_enable_f16_on_nvidia"];
  if (!options.zeroed) enable.push("disable_workgroup_init");
  if (options.robust === false) enable.push("disable_robustness");
  const flags = [`enable-dawn-features=${enable.join(",")}`, "disable-dawn-features=timestamp_quantization"];
  if (options.backend) flags.push(`backend=${options.backend}`);
  if (options.adapter) flags.push(`adapter=${options.adapter}`);
  return flags;
}

async function openDawn(options: GpuOptions): Promise<GPU> {
  let dawn: typeof import("webgpu");
  try {
    dawn = await import(/* @vite-ignore */ DAWN);
  } catch (error) {
    throw new Error(
      `the npm package webgpu (Dawn) is not installed: npm install webgpu (${(error as Error).message.split("\n")[0]})`,
    );
  }
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  return dawn.create(dawnFlags(options));
}

/** Throws one sentence when this machine has no WebGPU at all. */
export function openGpu(options: GpuOptions = {}): Promise<GPU> {
  if (inBrowser()) {
    const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
    if (!gpu)
      throw new Error(
        "this browser has no navigator.gpu: use a current Chromium, or start it with --enable-unsafe-webgpu",
      );
    return Promise.resolve(gpu);
  }
  const key = JSON.stringify(options);
  let instance = instances.get(key);
  if (!instance) {
    instance = openDawn(options);
    instances.set(key, instance);
  }
  return instance;
}
