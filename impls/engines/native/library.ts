/** Libraries of kernels: built where they are missing, loaded once a process, called with a block of arguments. */
import { firstThatLoads } from "../libraries/koffi.js";
import { build, type Compiler } from "./compiler.js";
import { argumentFields, type Field } from "./fields.js";

/** The vectors that a kernel is compiled for. */
export type Isa = "avx512" | "avx2" | "neon";

export const FLAGS: Readonly<Record<Isa, readonly string[]>> = {
  avx512: ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
  avx2: ["-mavx2", "-mfma"],
  neon: [],
};

/** f32 numbers of a vector. */
export const LANES: Readonly<Record<Isa, number>> = { avx512: 16, avx2: 8, neon: 4 };

export interface RuntimeCalls {
  /** Runs the kernel with denormals flushed, on as many threads as its arguments say. */
  run(args: Uint8Array): void;
  /** Where the bytes of an array lie. */
  address_of(bytes: Uint8Array): number | bigint;
  /** Bytes that no kernel may touch, or may again: only a build with AddressSanitizer does anything. */
  guard(from: bigint, bytes: number, closed: number): void;
  /** Ends the threads. */
  stop(): void;
}

export interface Library extends RuntimeCalls {
  readonly name: string;
  readonly hash: string;
  readonly fields: readonly Field[];
}

const runtime = new URL("./runtime.c", import.meta.url);
/** koffi unloads what is collected, and threads sleep in what is loaded: nothing here is ever dropped. */
const loaded = new Map<string, Promise<Library>>();

/** The library of one kernel. @throws where it does not compile or does not load */
export function loadLibrary(compiler: Compiler, kernel: URL, isa: Isa): Promise<Library> {
  const key = `${kernel.href} ${isa}`;
  let library = loaded.get(key);
  if (!library) {
    library = load(compiler, kernel, isa);
    loaded.set(key, library);
    library.catch(() => loaded.delete(key));
  }
  return library;
}

async function load(compiler: Compiler, kernel: URL, isa: Isa): Promise<Library> {
  const { file, name, hash, text } = await build(compiler, [kernel, runtime], FLAGS[isa]);
  const found = firstThatLoads([file]);
  if ("failures" in found) throw new Error(`a kernel cannot be loaded: ${found.failures[0]}`);
  const calls = found.bind<RuntimeCalls>({
    run: "void run(const uint8_t *args)",
    address_of: "uint64_t address_of(const uint8_t *bytes)",
    guard: "void guard(uint64_t from, uint64_t bytes, int closed)",
    stop: "void stop()",
  });
  return { ...calls, name, hash, fields: argumentFields(text) };
}

/** Ends the threads of all libraries. */
export async function stopAll(): Promise<void> {
  for (const library of await Promise.allSettled(loaded.values()))
    if (library.status === "fulfilled") library.value.stop();
}

/** The widest vectors that this processor and its system have and kernels are written for; undefined for none. */
export async function bestIsa(compiler: Compiler): Promise<Isa | undefined> {
  const { file } = await build(compiler, [new URL("./probe.c", import.meta.url)], []);
  const found = firstThatLoads([file]);
  if ("failures" in found)
    throw new Error(`what ${compiler.command} builds cannot be loaded: ${found.failures[0]}`);
  const { vectors } = found.bind<{ vectors(): string }>({ vectors: "const char *vectors()" });
  const name = vectors();
  return name in FLAGS ? (name as Isa) : undefined;
}
