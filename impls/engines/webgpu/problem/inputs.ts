/** Inputs on the device: random ones made there, given ones uploaded. */
import { GRID_BITS } from "../../../random.js";
import { matrixShape, type TensorSource } from "../../../tensor.js";
import { streamOf } from "../../random-on-device.js";
import type { Kernel } from "../device/device.js";
import { makeKernel, strided } from "../device/kernel.js";
import type { OwnedBuffers } from "../device/owned.js";
import type { Dtype } from "../device/source.js";
import { halfBits } from "./half.js";

const mixUrl = new URL("./mix.wgsl", import.meta.url);
const randomUrl = new URL("./random.wgsl", import.meta.url);

/** The kernel that writes elements `[first, first + count)` of a random tensor. */
export function randomKernel(
  owned: OwnedBuffers,
  source: TensorSource & { kind: "random" },
  dtype: Dtype,
  T: GPUBuffer,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<Kernel> {
  const { k0, k1, kind: distribution } = streamOf(source);
  const { cols } = matrixShape(source);
  const size = {
    ...{ total: count, row0: Math.floor(first / cols), col0: first % cols, cols, k0, k1 },
    last: source.shape[source.shape.length - 1] ?? 1,
    ...{ distribution, bits: GRID_BITS[dtype] },
  };
  return makeKernel(owned, { url: randomUrl, shared: [mixUrl], dtype }, { size, T }, strided(count));
}

/** Bytes of elements `[first, first + count)` of given values, rounded once. */
export function givenBytes(
  { data }: TensorSource & { kind: "given" },
  dtype: Dtype,
  { first, count }: { readonly first: number; readonly count: number },
): Uint8Array<ArrayBuffer> {
  if (dtype === "f32") return new Uint8Array(Float32Array.from(data.subarray(first, first + count)).buffer);
  const halves = new Uint16Array(Math.ceil(count / 2) * 2);
  for (let i = 0; i < count; i++) halves[i] = halfBits(data[first + i] ?? 0);
  return new Uint8Array(halves.buffer);
}
