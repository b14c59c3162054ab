/** Every implementation of gated_delta, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedTorch } from "./chunked.torch.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { gatedDelta } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentOnnxruntime } from "./recurrent.onnxruntime.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { recurrentWasm } from "./recurrent.wasm.js";

export { gatedDelta };
export const implementations = [
  chunkedNative,
  chunkedWasm,
  recurrentWasm,
  chunkedCpu,
  recurrentCpu,
  recurrentOnnxruntime,
  ...chunkedTorch,
  ...recurrentTorch,
];
