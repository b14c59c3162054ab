/** Every implementation of selective_scan_decode, in the order in which charts list them. */
import { selectiveScanDecode } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentNative } from "./recurrent.native.js";
import { recurrentTfjs } from "./recurrent.tfjs.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { recurrentWasm } from "./recurrent.wasm.js";
import { scanCuda } from "./scan.cuda.js";
import { scanWebgpu } from "./scan.webgpu.js";

export { selectiveScanDecode };
export const implementations = [
  recurrentNative,
  recurrentWasm,
  recurrentCpu,
  recurrentTfjs,
  scanWebgpu,
  scanCuda,
  ...recurrentTorch,
];
