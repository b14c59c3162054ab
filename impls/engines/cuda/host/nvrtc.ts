/** NVRTC, the compiler of the CUDA toolkit as a library: sources to machine code of one architecture, with what ptxas says of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Declarations, firstThatLoads } from "../../libraries/koffi.js";
import type { Handle, Out } from "./driver.js";
import { foldersOf, librariesIn, pythonFolders, toolkitFolders } from "./folders.js";

export interface NvrtcCalls {
  nvrtcVersion(major: Int32Array, minor: Int32Array): number;
  nvrtcGetErrorString(error: number): string;
  nvrtcCreateProgram(
    program: Out,
    source: string,
    name: string,
    headers: number,
    texts: null,
    names: null,
  ): number;
  nvrtcDestroyProgram(program: Out): number;
  nvrtcCompileProgram(program: Handle, count: number, options: readonly string[]): number;
  nvrtcGetProgramLogSize(program: Handle, bytes: Out): number;
  nvrtcGetProgramLog(program: Handle, log: Uint8Array): number;
  nvrtcGetCUBINSize(program: Handle, bytes: Out): number;
  nvrtcGetCUBIN(program: Handle, cubin: Uint8Array): number;
}

const declarations: Declarations<NvrtcCalls> = {
  nvrtcVersion: "int nvrtcVersion(int *major, int *minor)",
  nvrtcGetErrorString: "const char *nvrtcGetErrorString(int error)",
  nvrtcCreateProgram:
    "int nvrtcCreateProgram(uint64_t *program, const char *source, const char *name, int headers, const char **texts, const char **names)",
  nvrtcDestroyProgram: "int nvrtcDestroyProgram(uint64_t *program)",
  nvrtcCompileProgram: "int nvrtcCompileProgram(uint64_t program, int count, const char **options)",
  nvrtcGetProgramLogSize: "int nvrtcGetProgramLogSize(uint64_t program, uint64_t *bytes)",
  nvrtcGetProgramLog: "int nvrtcGetProgramLog(uint64_t program, uint8_t *log)",
  nvrtcGetCUBINSize: "int nvrtcGetCUBINSize(uint64_t program, uint64_t *bytes)",
  nvrtcGetCUBIN: "int nvrtcGetCUBIN(uint64_t program, uint8_t *cubin)",
};

export interface Compiled {
  readonly cubin: Uint8Array;
  /** What the compiler and, with --ptxas-options=-v, ptxas said. */
  readonly log: string;
}

export interface Compiler {
  /** e.g. 12.4 */
  readonly version: string;
  /** @throws with the compiler's own log */
  compile(name: string, source: string, options: readonly string[]): Compiled;
}

let compiler: Compiler | undefined;

/** Loaded once. @throws one sentence where no NVRTC is found */
export function loadCompiler(): Compiler {
  compiler ??= compilerOf(loadNvrtc());
  return compiler;
}

/** Where NVRTC lies: a folder the user names, the loader's own, the toolkit, Python's packages, what `.ci/nvrtc` unpacked. */
function loadNvrtc(): NvrtcCalls {
  const named = process.env.DUALBENCH_NVRTC;
  const folders = named ? [named] : [...foldersOf("cuda_nvrtc"), unpackedFolder()];
  const inFolders = folders.flatMap((folder) => librariesIn(folder, /^libnvrtc\.so\.\d+$/));
  const files = named ? inFolders : ["libnvrtc.so.13", "libnvrtc.so.12", ...inFolders];
  // its second half is looked for by name alone: it must be there already when it lies in a folder that no loader searches
  const found = firstThatLoads(files, (file) =>
    file.includes("/") ? librariesIn(join(file, ".."), /^libnvrtc-builtins\.so\.\d+\.\d+$/) : [],
  );
  if ("failures" in found)
    throw new Error(
      "no NVRTC (libnvrtc.so.12 or .13), which compiles the kernels: install the CUDA toolkit, pip install nvidia-cuda-nvrtc, " +
        "or name its folder in DUALBENCH_NVRTC",
    );
  return found.bind(declarations);
}

/** Where headers of the toolkit lie (cuda_fp16.h, mma.h): NVRTC itself has none. */
export function includeFolders(): string[] {
  const [toolkit, python] = [toolkitFolders(), pythonFolders("cuda_nvrtc")];
  const beside = [
    ...toolkit.map((folder) => join(folder, "..", "include")),
    ...python.flatMap((folder) =>
      ["include", "../cuda_runtime/include"].map((name) => join(folder, "..", name)),
    ),
  ];
  return [...new Set(beside)].filter((folder) => existsSync(join(folder, "cuda_fp16.h")));
}

function unpackedFolder(): string {
  return fileURLToPath(new URL("../../../../.dualbench/nvrtc/usr/lib/x86_64-linux-gnu", import.meta.url));
}

/** Over the library's own functions, or a test's. */
export function compilerOf(nvrtc: NvrtcCalls): Compiler {
  const check = (code: number, what: string) => {
    if (code !== 0) throw new Error(`NVRTC ${what}: ${nvrtc.nvrtcGetErrorString(code)}`);
  };
  const [major, minor] = [new Int32Array(1), new Int32Array(1)];
  check(nvrtc.nvrtcVersion(major, minor), "version");
  const bytesOf = (
    size: (bytes: Out) => number,
    fill: (bytes: Uint8Array) => number,
    what: string,
  ): Uint8Array => {
    const bytes: Out = new BigUint64Array(1);
    check(size(bytes), what);
    const data = new Uint8Array(Number(bytes[0]));
    check(fill(data), what);
    return data;
  };
  return {
    version: `${major[0]}.${minor[0]}`,
    compile(name, source, options) {
      const handle: Out = new BigUint64Array(1);
      check(nvrtc.nvrtcCreateProgram(handle, source, name, 0, null, null), "program");
      const program = handle[0];
      try {
        const code = nvrtc.nvrtcCompileProgram(program, options.length, options);
        const raw = bytesOf(
          (bytes) => nvrtc.nvrtcGetProgramLogSize(program, bytes),
          (log) => nvrtc.nvrtcGetProgramLog(program, log),
          "log",
        );
        const log = new TextDecoder().decode(raw).replace(/\0+$/, "").trim();
        if (code !== 0) throw new Error(`${name}: ${nvrtc.nvrtcGetErrorString(code)}: ${log}`);
        const cubin = bytesOf(
          (bytes) => nvrtc.nvrtcGetCUBINSize(program, bytes),
          (data) => nvrtc.nvrtcGetCUBIN(program, data),
          "cubin",
        );
        return { cubin, log };
      } finally {
        nvrtc.nvrtcDestroyProgram(handle);
      }
    },
  };
}
