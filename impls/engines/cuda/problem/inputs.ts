/** Inputs on the device: random ones made there, given ones uploaded. */
import { GRID_BITS } from "../../../random.js";
import { matrixShape, type RandomTensor, streamOf, stretchesOf, type TensorSource } from "../../../tensor.js";
import { caseOf } from "../../random-on-device.js";
import type { CudaDevice } from "../device/device.js";
import { launch, makeKernel, pack, strided } from "../device/kernel.js";
import type { Handle } from "../host/driver.js";
import { bytesOf, type Dtype, givenBytes, KINDS } from "./storage.js";

const hashUrl = new URL("./hash.cu", import.meta.url);
const randomUrl = new URL("./random.cu", import.meta.url);

/** Fills a buffer with a tensor's values on the grid of its dtype. */
export function writeInput(device: CudaDevice, source: TensorSource, dtype: Dtype, to: Handle): void {
  if (source.kind === "given") device.upload(to, givenBytes(source.data, dtype));
  else writeRandom(device, source, dtype, to);
}

/** One launch a stretch of rows that has its own seed. */
function writeRandom(device: CudaDevice, source: RandomTensor, dtype: Dtype, to: Handle): void {
  const { cols } = matrixShape(source);
  const last = source.shape[source.shape.length - 1] ?? 1;
  const kernel = device.kernel({
    libraries: ["elements"],
    urls: [hashUrl, randomUrl],
    entry: "random_values",
    plain: true,
  });
  for (const { seed, firstRow, rows } of stretchesOf(source)) {
    const { k0, k1 } = streamOf(source, seed);
    const parameters = pack([
      to + BigInt(firstRow * cols * bytesOf(dtype)),
      ...[rows * cols, cols, firstRow].map(BigInt),
      ...[k0, k1, last, caseOf(source), GRID_BITS[dtype], KINDS[dtype]],
    ]);
    launch(device, makeKernel(device, kernel, strided(rows * cols), [parameters]));
  }
}
