/** What the page runs on, in one line: the adapter and the processor, as far as a browser tells. */
export async function deviceLines(): Promise<string> {
  return `This machine: ${await adapterLine()}; a CPU with ${navigator.hardwareConcurrency} hardware threads.`;
}

async function adapterLine(): Promise<string> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  if (!gpu)
    return "no WebGPU, so that kernels run on the CPU only (Chrome, Edge, Firefox and Safari have it in recent versions)";
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return "WebGPU without an adapter, so that kernels run on the CPU only";
  const { vendor, architecture, description } = adapter.info;
  return `WebGPU on ${description || [vendor, architecture].filter(Boolean).join(" ") || "an adapter that does not tell its name"}`;
}
