/** TensorFlow.js on WebGPU: in Node it gets Dawn where a page has `navigator.gpu`. */
import { EngineAbsent } from "../engine.js";
import { inBrowser } from "../platform.js";
import { computesOnCpu } from "../webgpu/device/adapter.js";
import { openGpu } from "../webgpu/device/gpu.js";
import { useSwiftShader } from "../webgpu/device/software.js";

/**
 * Makes `navigator.gpu` answer, before the backend looks for it.
 * @param software SwiftShader will do: a hundred times slower than plain JavaScript, so only tests ask for it
 * @throws EngineAbsent where no adapter is there, or none that is a GPU
 */
export async function offerGpu(software: boolean): Promise<void> {
  if (software) useSwiftShader();
  const absent = (why: string) =>
    new EngineAbsent(`${why}; TensorFlow.js on WebGPU needs a GPU and its Vulkan, Metal or D3D12 driver`);
  // its kernels are written for what the standard promises: bounds checks, and zeros in workgroup memory
  const gpu = await openGpu({ robust: true, zeroed: true, fresh: software }).catch((error: Error) => {
    throw absent(error.message);
  });
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw absent("no WebGPU adapter is here");
  if (!software && computesOnCpu(adapter.info))
    throw absent(`the only WebGPU adapter here (${adapter.info.description}) computes on the CPU`);
  if (inBrowser()) return;
  const host = globalThis as { navigator?: { gpu?: GPU } };
  if (host.navigator) Object.defineProperty(host.navigator, "gpu", { value: gpu, configurable: true });
  else Object.defineProperty(host, "navigator", { value: { gpu }, configurable: true });
}
