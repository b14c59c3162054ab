/**
 * The engine in a page: kernels that were compiled when the page was built, threads that are workers. Memory is shared only where the
 * page is isolated from others (`crossOriginIsolated`: its host sends COOP and COEP); elsewhere one thread runs on memory of its own.
 */
import { sharesMemory } from "../../platform.js";
import { type Simd, simdLevel } from "../simd.js";
import type { Kernel, Place } from "./place.js";
import { unshared } from "./unshared.js";

const loaded = new Map<string, Promise<Kernel>>();

/**
 * @param source what the build of the page makes of a kernel's address: the kernel's name, and as parameters the hash of each SIMD level
 * @throws where the page's folder lacks it
 */
function loadKernel(source: URL, simd: Simd = simdLevel()): Promise<Kernel> {
  const key = `${source.href} ${simd}`;
  const kernel = loaded.get(key) ?? fetched(source, simd);
  loaded.set(key, kernel);
  kernel.catch(() => loaded.delete(key));
  return kernel;
}

async function fetched(source: URL, simd: Simd): Promise<Kernel> {
  const name = source.pathname.split("/").at(-1)!;
  const hash = source.searchParams.get(simd);
  const file = `${name}.${simd}.${hash}.wasm`;
  if (hash === null) throw new Error(`this page was built without ${simd} kernels, and ${name} needs one`);
  const answer = await fetch(new URL(file, source));
  if (!answer.ok) throw new Error(`${file} is not beside this page: ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { name, simd, hash, module: await WebAssembly.compile(sharesMemory() ? bytes : unshared(bytes)) };
}

/** A page is not told the processor's name; the browser's stands for it. */
function browserName(): string {
  const [, name, version] = /(Edg|Firefox|Chrome)\/(\d+)/.exec(navigator.userAgent) ?? [];
  return name === undefined ? "a browser" : `${name === "Edg" ? "Edge" : name} ${version}`;
}

export const page: Place = {
  cpu: `a CPU under ${browserName()}`,
  details: { browser: navigator.userAgent },
  choices: new URL("choices.json", globalThis.location.href),
  loadKernel,
  hire(job) {
    const worker = new Worker(new URL("./worker.page.mjs", import.meta.url), { type: "module" });
    worker.postMessage(job);
    return { send: (mail) => worker.postMessage(mail), end: () => worker.terminate() };
  },
};
