import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Kernel } from "./place/place.js";
import { type Simd, simdLevel } from "./simd.js";

// impls/engines/wasm/build.ts or, once built, dist/impls/engines/wasm/build.js: the sources lie beside either.
const root = fileURLToPath(new URL("../../../", import.meta.url));
export const cacheFolder = fileURLToPath(new URL("../../../.dualbench/wasm/", import.meta.url));

const commonFlags = [
  "-O3",
  "--noAssert",
  "--runtime=stub",
  "--importMemory",
  "--sharedMemory",
  "--maximumMemory=65536",
  "--enable=simd,threads,bulk-memory",
  "--use=abort=",
];

export function flagsFor(simd: Simd): string[] {
  return simd === "relaxed" ? [...commonFlags, "--enable=relaxed-simd"] : commonFlags;
}

const loaded = new Map<string, Promise<Kernel>>();

/**
 * The compiled module of one `.as.ts` source, built on first use and kept on disk under the hash of what made it:
 * a stale kernel has another name, so it can never be timed.
 * Throws when the source does not compile, with the compiler's own words.
 */
export function loadKernel(source: URL, wanted?: Simd): Promise<Kernel> {
  const best = simdLevel();
  const simd = wanted ?? best;
  const key = `${source.href} ${simd}`;
  let kernel = loaded.get(key);
  if (!kernel) {
    kernel = load(source, simd);
    loaded.set(key, kernel);
    kernel.catch(() => loaded.delete(key));
  }
  return kernel;
}

async function load(source: URL, simd: Simd): Promise<Kernel> {
  const path = fileURLToPath(source);
  const { name, sources, hash, file } = await located(path, simd);
  const stored = await readIfThere(file);
  const bytes = sound(stored) ?? (await compile(path, file, sources, simd).catch(again(stored && file)));
  // A plain copy: WebAssembly wants an ArrayBuffer of its own, not a slice of Node's pool.
  return { name, simd, hash, module: await WebAssembly.compile(new Uint8Array(bytes)) };
}

/** What a kernel is called and where its file lies, built or not. */
async function located(path: string, simd: Simd) {
  const name = relative(root, path)
    .replace(/\.as\.ts$/, "")
    // an operator's kernel is called by operator and form, as in rows since the first
    .replace(/^impls[\\/](?!engines)(\w+)[\\/]wasm[\\/]/, "$1-")
    .replace(/^impls[\\/]/, "")
    .replace(/[\\/]/g, "-");
  const sources = await closure(path);
  const hash = await hashOf(sources, flagsFor(simd));
  return { name, sources, hash, file: join(cacheFolder, `${name}.${simd}.${hash}.wasm`) };
}

/** The source and everything it imports, by path. */
async function closure(path: string): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const pending = [path];
  for (let file = pending.pop(); file; file = pending.pop()) {
    if (sources.has(file)) continue;
    const text = await readFile(file, "utf8");
    sources.set(file, text);
    for (const [, specifier] of text.matchAll(/from\s+"(\.[^"]+)"/g)) {
      pending.push(`${join(dirname(file), specifier as string)}.ts`);
    }
  }
  return sources;
}

async function hashOf(sources: Map<string, string>, flags: string[]): Promise<string> {
  const digest = createHash("sha256")
    .update(await compilerVersion())
    .update(flags.join(" "));
  for (const path of [...sources.keys()].sort()) {
    // Names relative to the tree and "\n" line ends: the same kernel has the same hash on every machine.
    digest
      .update(relative(root, path).replaceAll("\\", "/"))
      .update((sources.get(path) as string).replaceAll("\r\n", "\n"));
  }
  return digest.digest("hex").slice(0, 12);
}

/** Of the installed compiler; in an installed package, of the one that made the kernels beside it. */
async function compilerVersion(): Promise<string> {
  const shipped = await readIfThere(join(cacheFolder, VERSION_FILE));
  if (shipped) return new TextDecoder().decode(shipped).trim();
  const entry = fileURLToPath(import.meta.resolve("assemblyscript"));
  return JSON.parse(await readFile(entry.replace(/dist.*$/, "package.json"), "utf8")).version;
}

const VERSION_FILE = "compiler-version";

/** How modules name their kernels; in prose such a name stands between backticks. */
export const KERNEL_ADDRESS = /(?<!`)new URL\("([^"]+\.as\.ts)", import\.meta\.url\)/g;

/** A kernel as a file, built if need be. @throws when the source does not compile, with the compiler's own words */
export async function kernelFile(
  source: URL,
  simd: Simd,
): Promise<{ name: string; hash: string; file: string }> {
  const { name, hash, file } = await located(fileURLToPath(source), simd);
  await loadKernel(source, simd);
  return { name, hash, file };
}

/** Builds the kernels in both SIMD levels into a folder that the package ships. @returns how many files */
export async function shipKernels(sources: readonly URL[], folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, VERSION_FILE), await compilerVersion());
  let count = 0;
  for (const source of sources)
    for (const simd of ["plain", "relaxed"] as const) {
      const { file } = await kernelFile(source, simd);
      await copyFile(file, join(folder, basename(file)));
      count++;
    }
  return count;
}

async function compile(
  path: string,
  file: string,
  sources: Map<string, string>,
  simd: Simd,
): Promise<Uint8Array> {
  const name = (absolute: string) => relative(root, absolute).replaceAll("\\", "/");
  const { bytes, why } = await compiled({
    entry: name(path),
    sources: new Map([...sources].map(([absolute, text]) => [name(absolute), text])),
    flags: flagsFor(simd),
  });
  if (!bytes) throw new Error(`asc could not compile ${name(path)} (${simd}): ${why}`);
  await mkdir(cacheFolder, { recursive: true });
  // Written aside and renamed: a second process that builds the same kernel never reads half a file.
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, sealed(bytes));
  await rename(aside, file);
  return bytes;
}

/** What to say where a stored kernel is damaged and the compiler is not there to build it again, as in an installed package. */
function again(damaged: string | undefined): (error: Error) => never {
  return (error) => {
    if (damaged === undefined) throw error;
    throw new Error(
      `${damaged} is damaged and could not be built again (${error.message}); install dualbench again`,
    );
  };
}

/** Name of the last section of a stored kernel: a hash of all that stands before it. */
const SEAL = new TextEncoder().encode("dualbench.seal");

/** With a custom section at its end, which no engine looks at. */
function sealed(bytes: Uint8Array): Uint8Array {
  const digest = createHash("sha256").update(bytes).digest();
  // 0: custom section; then its length and that of its name, each below 128 and so one byte of LEB128
  const head = [0, 1 + SEAL.length + digest.length, SEAL.length];
  return Buffer.concat([bytes, Uint8Array.from(head), SEAL, digest]);
}

/** A stored kernel as it was written; undefined where a disk or a person has changed it: it is built again. */
function sound(stored: Uint8Array | undefined): Uint8Array | undefined {
  if (!stored) return undefined;
  const bytes = stored.subarray(0, Math.max(0, stored.length - 3 - SEAL.length - 32));
  return Buffer.compare(sealed(bytes), stored) === 0 ? stored : undefined;
}

interface Job {
  readonly entry: string;
  readonly sources: ReadonlyMap<string, string>;
  readonly flags: readonly string[];
}

interface Compiled {
  readonly bytes?: Uint8Array;
  readonly why?: string;
}

let compiler: Worker | undefined;
const jobs = new Map<number, (result: Compiled) => void>();
let lastJob = 0;

/** Compiles in the compiler's thread, which starts with the first job and never keeps the process alive by itself. */
function compiled(job: Job): Promise<Compiled> {
  if (!compiler) {
    const started = new Worker(new URL("./compiler.mjs", import.meta.url), { execArgv: [] });
    started.on("message", ({ job: done, ...result }: Compiled & { job: number }) => {
      jobs.get(done)?.(result);
      jobs.delete(done);
      if (jobs.size === 0) started.unref();
    });
    started.on("error", (error) => {
      for (const answer of jobs.values()) answer({ why: error.message });
      jobs.clear();
      compiler = undefined;
    });
    compiler = started;
  }
  compiler.ref();
  const number = ++lastJob;
  compiler.postMessage({ job: number, ...job });
  return new Promise((resolve) => jobs.set(number, resolve));
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
