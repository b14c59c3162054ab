/** Every implementation of ssd, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedCuda } from "./chunked.cuda.js";
import { chunkedDistributed } from "./chunked.distributed.js";
import { chunkedJaxjs } from "./chunked.jaxjs.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedOnnxruntime } from "./chunked.onnxruntime.js";
import { chunkedTfjs } from "./chunked.tfjs.js";
import { chunkedTorch } from "./chunked.torch.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { chunkedWebgpu } from "./chunked.webgpu.js";
import { ssd } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";
import { quadraticTfjs } from "./quadratic.tfjs.js";
import { quadraticWasm } from "./quadratic.wasm.js";
import { quadraticWebgpu } from "./quadratic.webgpu.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentCuda } from "./recurrent.cuda.js";
import { recurrentNative } from "./recurrent.native.js";
import { recurrentOnnxruntime } from "./recurrent.onnxruntime.js";
import { recurrentWasm } from "./recurrent.wasm.js";
import { recurrentWebgpu } from "./recurrent.webgpu.js";
import { scanTfjs } from "./scan.tfjs.js";

export { ssd };
export const implementations = [
  chunkedNative,
  recurrentNative,
  chunkedWasm,
  recurrentWasm,
  quadraticWasm,
  chunkedCpu,
  recurrentCpu,
  quadraticCpu,
  chunkedTfjs,
  quadraticTfjs,
  scanTfjs,
  recurrentWebgpu,
  recurrentCuda,
  quadraticWebgpu,
  chunkedWebgpu,
  chunkedCuda,
  ...chunkedTorch,
  chunkedDistributed,
  chunkedOnnxruntime,
  recurrentOnnxruntime,
  chunkedJaxjs,
];
