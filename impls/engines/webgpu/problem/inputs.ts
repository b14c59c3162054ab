/** Inputs on the device: random ones made there, given ones uploaded. */
import { GRID_BITS } from "../../../random.js";
import { matrixShape, type RandomTensor, streamOf, stretchesOf, type TensorSource } from "../../../tensor.js";
import { caseOf } from "../../random-on-device.js";
import type { Kernel } from "../device/device.js";
import { makeKernel, strided } from "../device/kernel.js";
import type { OwnedBuffers } from "../device/owned.js";
import type { Dtype } from "../device/source.js";
import { halfBits } from "./half.js";

const mixUrl = new URL("./mix.wgsl", import.meta.url);
const randomUrl = new URL("./random.wgsl", import.meta.url);

/** Elements `[first, first + count)` of a tensor in C order. */
export interface Part {
  readonly first: number;
  readonly count: number;
}

/** The kernels that write a part of a random tensor, one a stretch, to a buffer that holds `part` from its first byte on. */
export function randomKernels(
  owned: OwnedBuffers,
  source: RandomTensor,
  dtype: Dtype,
  T: GPUBuffer,
  part: Part,
): Promise<Kernel[]> {
  const { cols } = matrixShape(source);
  const ends = ({ first, count }: Part) => first + count;
  const kernels = stretchesOf(source).flatMap(({ seed, firstRow, rows }) => {
    const first = Math.max(part.first, firstRow * cols);
    const count = Math.min(ends(part), (firstRow + rows) * cols) - first;
    if (count <= 0) return [];
    const { k0, k1 } = streamOf(source, seed);
    const distribution = caseOf(source);
    const size = {
      ...{
        total: count,
        at: first - part.first,
        row0: Math.floor(first / cols),
        col0: first % cols,
        cols,
        k0,
        k1,
      },
      last: source.shape[source.shape.length - 1] ?? 1,
      ...{ distribution, bits: GRID_BITS[dtype] },
    };
    return [makeKernel(owned, { url: randomUrl, shared: [mixUrl], dtype }, { size, T }, strided(count))];
  });
  return Promise.all(kernels);
}

/** Bytes of elements `[first, first + count)` of given values, rounded once. */
export function givenBytes(
  { data }: TensorSource & { kind: "given" },
  dtype: Dtype,
  { first, count }: Part,
): Uint8Array<ArrayBuffer> {
  if (dtype === "f32") return new Uint8Array(Float32Array.from(data.subarray(first, first + count)).buffer);
  const halves = new Uint16Array(Math.ceil(count / 2) * 2);
  for (let i = 0; i < count; i++) halves[i] = halfBits(data[first + i] ?? 0);
  return new Uint8Array(halves.buffer);
}
