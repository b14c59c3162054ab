/** What makes torch fast on a CPU and must be said before it starts. A user's own settings are left alone. */
import { readFileSync } from "node:fs";

const AVX512 = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"];

/**
 * glibc gives large blocks back to the system after each use, so that every intermediate tensor is made of fresh pages: chunked ssd
 * at 4096 tokens takes 67 ms so, 41 ms when memory is kept or comes in huge pages (README.md).
 */
const ALLOCATION = {
  MALLOC_MMAP_THRESHOLD_: String(32 << 20),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
};

export function pythonEnvironment(): NodeJS.ProcessEnv {
  const core = coreType(readCpuinfo());
  return {
    ...(process.platform === "linux" ? ALLOCATION : {}),
    ...(core === undefined ? {} : { OPENBLAS_CORETYPE: core }),
    // compiles in this process: no pool of workers to outlive it
    TORCHINDUCTOR_COMPILE_THREADS: "1",
    PYTHONUNBUFFERED: "1",
    ...process.env,
  };
}

/**
 * OpenBLAS chooses its kernels by the CPU's family and model, and takes a CPU that is newer than itself for an old one: products are
 * then two to eight times slower. The vector extensions that the CPU shows say better what it can do.
 * @param cpuinfo text of /proc/cpuinfo
 * @returns OpenBLAS's name of the fastest kernels that run here; undefined where it should choose by itself
 */
export function coreType(cpuinfo: string): string | undefined {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(/\s+/) ?? []);
  if (AVX512.every((flag) => flags.has(flag))) return "SkylakeX";
  if (!flags.has("avx2") || !flags.has("fma")) return undefined;
  return /^vendor_id\s*:\s*AuthenticAMD/m.test(cpuinfo) ? "Zen" : "Haswell";
}

function readCpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}
