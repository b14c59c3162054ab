/** Descriptions of tensors for Hopper's copy engine: boxes of them arrive in shared memory crossed ("swizzled"), zeros outside. */
import type { Handle } from "../host/driver.js";
import type { CudaDevice } from "./device.js";

/** Numbers of CUtensorMapDataType, CUtensorMapSwizzle and CUtensorMapL2promotion. */
const FLOAT16 = 6;
const SWIZZLES = { 32: 1, 64: 2, 128: 3 } as const;
const PROMOTE_256 = 3;

/** A resizable buffer starts at a page; its constructor is younger than the language this is compiled for. */
const Resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { readonly maxByteLength: number },
) => ArrayBuffer;

/**
 * Of a tensor of halves whose axes are contiguous.
 * @param dims sizes of the axes, the innermost first
 * @param box as many elements of each axis
 * @param rowBytes of the box's innermost axis in shared memory
 */
export function tensorMap(
  device: CudaDevice,
  address: Handle,
  dims: readonly number[],
  box: readonly number[],
  rowBytes: keyof typeof SWIZZLES,
): Uint8Array {
  const encode = device.calls.cuTensorMapEncodeTiled;
  if (!encode)
    throw new Error(`driver ${device.driverVersion} has no tensor maps; CUDA 12 and later have them`);
  // the map must lie at a multiple of 64 bytes
  const map = new Uint8Array(new Resizable(128, { maxByteLength: 128 }));
  const strides: bigint[] = [];
  let stride = 2;
  for (const size of dims.slice(0, -1)) {
    stride *= size;
    strides.push(BigInt(stride));
  }
  device.check(
    `tensor map of ${dims.join(" x ")}`,
    encode(
      map,
      FLOAT16,
      dims.length,
      address,
      BigUint64Array.from(dims, BigInt),
      BigUint64Array.from(strides),
      Uint32Array.from(box),
      Uint32Array.from(dims, () => 1),
      0,
      SWIZZLES[rowBytes],
      PROMOTE_256,
      0,
    ),
  );
  return map;
}
