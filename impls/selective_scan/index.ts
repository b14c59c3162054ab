/** Every implementation of selective_scan, in the order in which charts list them. */
import { selectiveScan } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentNative } from "./recurrent.native.js";
import { recurrentOnnxruntime } from "./recurrent.onnxruntime.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { recurrentWasm } from "./recurrent.wasm.js";
import { scanCuda } from "./scan.cuda.js";
import { scanTfjs } from "./scan.tfjs.js";
import { scanTorch } from "./scan.torch.js";
import { scanWebgpu } from "./scan.webgpu.js";

export { selectiveScan };
export const implementations = [
  recurrentNative,
  recurrentWasm,
  recurrentCpu,
  scanTfjs,
  scanWebgpu,
  scanCuda,
  ...recurrentTorch,
  ...scanTorch,
  recurrentOnnxruntime,
];
