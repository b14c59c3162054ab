/** cuFFT, NVIDIA's own Fourier transforms: what this engine calls of it, as cufft.h has it (11 and later). Each returns 0 or an error. */
import { type Declarations, firstThatLoads } from "../../libraries/koffi.js";
import type { Handle, Out } from "./driver.js";
import { foldersOf, librariesIn } from "./folders.js";

export interface CufftCalls {
  cufftGetVersion(version: Int32Array): number;
  cufftCreate(plan: Int32Array): number;
  cufftDestroy(plan: number): number;
  cufftSetStream(plan: number, stream: Handle): number;
  cufftSetAutoAllocation(plan: number, allocates: number): number;
  cufftMakePlanMany64(
    plan: number,
    rank: number,
    sizes: BigInt64Array,
    inEmbed: BigInt64Array,
    inStride: number,
    inDistance: number,
    outEmbed: BigInt64Array,
    outStride: number,
    outDistance: number,
    type: number,
    rows: number,
    workBytes: Out,
  ): number;
  cufftSetWorkArea(plan: number, address: Handle): number;
  cufftExecR2C(plan: number, from: Handle, to: Handle): number;
  cufftExecC2R(plan: number, from: Handle, to: Handle): number;
}

const declarations: Declarations<CufftCalls> = {
  cufftGetVersion: "int cufftGetVersion(int *version)",
  cufftCreate: "int cufftCreate(int *plan)",
  cufftDestroy: "int cufftDestroy(int plan)",
  cufftSetStream: "int cufftSetStream(int plan, uint64_t stream)",
  cufftSetAutoAllocation: "int cufftSetAutoAllocation(int plan, int allocates)",
  cufftMakePlanMany64:
    "int cufftMakePlanMany64(int plan, int rank, int64_t *sizes, int64_t *inEmbed, int64_t inStride, int64_t inDistance, " +
    "int64_t *outEmbed, int64_t outStride, int64_t outDistance, int type, int64_t rows, uint64_t *workBytes)",
  cufftSetWorkArea: "int cufftSetWorkArea(int plan, uint64_t address)",
  cufftExecR2C: "int cufftExecR2C(int plan, uint64_t from, uint64_t to)",
  cufftExecC2R: "int cufftExecC2R(int plan, uint64_t from, uint64_t to)",
};

let calls: CufftCalls | undefined;

/** Loaded once. @throws one sentence where no cuFFT is found */
export function loadCufft(): CufftCalls {
  if (calls) return calls;
  const inFolders = foldersOf("cufft").flatMap((folder) => librariesIn(folder, /^libcufft\.so\.\d+$/));
  const found = firstThatLoads(["libcufft.so.12", "libcufft.so.11", ...inFolders]);
  if ("failures" in found)
    throw new Error(
      "no cuFFT (libcufft.so.11 or .12): install the CUDA toolkit, or pip install nvidia-cufft",
    );
  calls = found.bind(declarations);
  return calls;
}
