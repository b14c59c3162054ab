/** The CUDA driver's functions that this engine calls, as libcuda declares them (CUDA driver API, 12.4). Each returns 0 or an error. */
import { type Declarations, firstThatLoads, koffi } from "../../libraries/koffi.js";

/** A handle or an address of the device. */
export type Handle = bigint;
/** Where a call puts a handle or a 64-bit number. */
export type Out = BigUint64Array;

export interface LaunchConfig {
  readonly gridX: number;
  readonly gridY: number;
  readonly gridZ: number;
  readonly blockX: number;
  readonly blockY: number;
  readonly blockZ: number;
  readonly sharedBytes: number;
  readonly stream: Handle;
  readonly attributes: readonly {
    readonly id: number;
    readonly pad: number;
    readonly value: readonly number[];
  }[];
  readonly count: number;
}

export interface DriverCalls {
  cuInit(flags: number): number;
  cuDriverGetVersion(version: Int32Array): number;
  cuGetErrorName(error: number, text: [string | null]): number;
  cuGetErrorString(error: number, text: [string | null]): number;
  cuDeviceGetCount(count: Int32Array): number;
  cuDeviceGet(device: Int32Array, ordinal: number): number;
  cuDeviceGetName(name: Uint8Array, length: number, device: number): number;
  cuDeviceGetUuid_v2(uuid: Uint8Array, device: number): number;
  cuDeviceGetAttribute(value: Int32Array, attribute: number, device: number): number;
  cuDeviceTotalMem_v2(bytes: Out, device: number): number;
  cuDevicePrimaryCtxRetain(context: Out, device: number): number;
  cuDevicePrimaryCtxRelease_v2(device: number): number;
  cuCtxSetCurrent(context: Handle): number;
  cuCtxSynchronize(): number;
  cuMemGetInfo_v2(free: Out, total: Out): number;
  cuMemAlloc_v2(address: Out, bytes: number): number;
  cuMemFree_v2(address: Handle): number;
  cuMemcpyHtoD_v2(to: Handle, from: Uint8Array, bytes: number): number;
  cuMemcpyDtoH_v2(to: Uint8Array, from: Handle, bytes: number): number;
  cuStreamCreate(stream: Out, flags: number): number;
  cuStreamDestroy_v2(stream: Handle): number;
  cuStreamSynchronize(stream: Handle): number;
  cuStreamBeginCapture_v2(stream: Handle, mode: number): number;
  cuStreamEndCapture(stream: Handle, graph: Out): number;
  cuGraphInstantiateWithFlags(executable: Out, graph: Handle, flags: number): number;
  cuGraphLaunch(executable: Handle, stream: Handle): number;
  cuGraphExecDestroy(executable: Handle): number;
  cuGraphDestroy(graph: Handle): number;
  cuEventCreate(event: Out, flags: number): number;
  cuEventRecord(event: Handle, stream: Handle): number;
  cuEventSynchronize(event: Handle): number;
  cuEventElapsedTime(ms: Float32Array, start: Handle, end: Handle): number;
  cuEventDestroy_v2(event: Handle): number;
  cuModuleLoadData(module: Out, image: Uint8Array): number;
  cuModuleUnload(module: Handle): number;
  cuModuleGetFunction(kernel: Out, module: Handle, name: string): number;
  cuFuncSetAttribute(kernel: Handle, attribute: number, value: number): number;
  cuFuncGetAttribute(value: Int32Array, attribute: number, kernel: Handle): number;
  cuOccupancyMaxActiveBlocksPerMultiprocessor(
    blocks: Int32Array,
    kernel: Handle,
    threads: number,
    sharedBytes: number,
  ): number;
  cuLaunchKernelEx(
    config: LaunchConfig,
    kernel: Handle,
    parameters: readonly Uint8Array[],
    extra: null,
  ): number;
  /** Missing before CUDA 12: there are no bulk tensor copies then. */
  cuTensorMapEncodeTiled?(
    map: Uint8Array,
    type: number,
    rank: number,
    address: Handle,
    dims: BigUint64Array,
    strides: BigUint64Array,
    box: Uint32Array,
    elementStrides: Uint32Array,
    interleave: number,
    swizzle: number,
    promotion: number,
    fill: number,
  ): number;
}

const declarations: Declarations<DriverCalls> = {
  cuInit: "int cuInit(uint32_t flags)",
  cuDriverGetVersion: "int cuDriverGetVersion(int *version)",
  cuGetErrorName: "int cuGetErrorName(int error, _Out_ const char **text)",
  cuGetErrorString: "int cuGetErrorString(int error, _Out_ const char **text)",
  cuDeviceGetCount: "int cuDeviceGetCount(int *count)",
  cuDeviceGet: "int cuDeviceGet(int *device, int ordinal)",
  cuDeviceGetName: "int cuDeviceGetName(uint8_t *name, int length, int device)",
  cuDeviceGetUuid_v2: "int cuDeviceGetUuid_v2(uint8_t *uuid, int device)",
  cuDeviceGetAttribute: "int cuDeviceGetAttribute(int *value, int attribute, int device)",
  cuDeviceTotalMem_v2: "int cuDeviceTotalMem_v2(uint64_t *bytes, int device)",
  cuDevicePrimaryCtxRetain: "int cuDevicePrimaryCtxRetain(uint64_t *context, int device)",
  cuDevicePrimaryCtxRelease_v2: "int cuDevicePrimaryCtxRelease_v2(int device)",
  cuCtxSetCurrent: "int cuCtxSetCurrent(uint64_t context)",
  cuCtxSynchronize: "int cuCtxSynchronize()",
  cuMemGetInfo_v2: "int cuMemGetInfo_v2(uint64_t *free, uint64_t *total)",
  cuMemAlloc_v2: "int cuMemAlloc_v2(uint64_t *address, uint64_t bytes)",
  cuMemFree_v2: "int cuMemFree_v2(uint64_t address)",
  cuMemcpyHtoD_v2: "int cuMemcpyHtoD_v2(uint64_t to, const void *from, uint64_t bytes)",
  cuMemcpyDtoH_v2: "int cuMemcpyDtoH_v2(void *to, uint64_t from, uint64_t bytes)",
  cuStreamCreate: "int cuStreamCreate(uint64_t *stream, uint32_t flags)",
  cuStreamDestroy_v2: "int cuStreamDestroy_v2(uint64_t stream)",
  cuStreamSynchronize: "int cuStreamSynchronize(uint64_t stream)",
  cuStreamBeginCapture_v2: "int cuStreamBeginCapture_v2(uint64_t stream, int mode)",
  cuStreamEndCapture: "int cuStreamEndCapture(uint64_t stream, uint64_t *graph)",
  cuGraphInstantiateWithFlags:
    "int cuGraphInstantiateWithFlags(uint64_t *executable, uint64_t graph, uint64_t flags)",
  cuGraphLaunch: "int cuGraphLaunch(uint64_t executable, uint64_t stream)",
  cuGraphExecDestroy: "int cuGraphExecDestroy(uint64_t executable)",
  cuGraphDestroy: "int cuGraphDestroy(uint64_t graph)",
  cuEventCreate: "int cuEventCreate(uint64_t *event, uint32_t flags)",
  cuEventRecord: "int cuEventRecord(uint64_t event, uint64_t stream)",
  cuEventSynchronize: "int cuEventSynchronize(uint64_t event)",
  cuEventElapsedTime: "int cuEventElapsedTime(float *ms, uint64_t start, uint64_t end)",
  cuEventDestroy_v2: "int cuEventDestroy_v2(uint64_t event)",
  cuModuleLoadData: "int cuModuleLoadData(uint64_t *module, const void *image)",
  cuModuleUnload: "int cuModuleUnload(uint64_t module)",
  cuModuleGetFunction: "int cuModuleGetFunction(uint64_t *kernel, uint64_t module, const char *name)",
  cuFuncSetAttribute: "int cuFuncSetAttribute(uint64_t kernel, int attribute, int value)",
  cuFuncGetAttribute: "int cuFuncGetAttribute(int *value, int attribute, uint64_t kernel)",
  cuOccupancyMaxActiveBlocksPerMultiprocessor:
    "int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, uint64_t kernel, int threads, uint64_t sharedBytes)",
  cuLaunchKernelEx:
    "int cuLaunchKernelEx(const LaunchConfig *config, uint64_t kernel, void **parameters, void **extra)",
  cuTensorMapEncodeTiled:
    "?int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, uint64_t address, const uint64_t *dims, const uint64_t *strides, " +
    "const uint32_t *box, const uint32_t *elementStrides, int interleave, int swizzle, int promotion, int fill)",
};

/** Containers mount the driver where no loader looks. */
const FILES = [
  "libcuda.so.1",
  "/usr/local/nvidia/lib64/libcuda.so.1",
  "/usr/lib/wsl/lib/libcuda.so.1",
  "nvcuda.dll",
];

let hasStructs = false;

/** The argument of cuLaunchKernelEx, which koffi must know by name, once. */
function declareStructs(): void {
  if (hasStructs) return;
  const { struct, array } = koffi();
  struct("LaunchAttribute", { id: "int", pad: "int", value: array("int", 16) });
  struct("LaunchConfig", {
    ...{ gridX: "uint32_t", gridY: "uint32_t", gridZ: "uint32_t" },
    ...{ blockX: "uint32_t", blockY: "uint32_t", blockZ: "uint32_t", sharedBytes: "uint32_t" },
    ...{ stream: "uint64_t", attributes: "LaunchAttribute *", count: "uint32_t" },
  });
  hasStructs = true;
}

let driver: DriverCalls | undefined;

/** Loaded once: koffi unloads a library whose objects are collected. @throws one sentence where there is no driver */
export function loadDriver(): DriverCalls {
  if (driver) return driver;
  const found = firstThatLoads(FILES);
  if ("failures" in found)
    throw new Error(
      "no NVIDIA driver: libcuda.so.1 cannot be loaded; install the driver of the card (Debian: nvidia-driver), or use --engine webgpu",
    );
  declareStructs();
  driver = found.bind(declarations);
  return driver;
}
