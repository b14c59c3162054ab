/** Every implementation of selective_scan's gradients, in the order in which charts list them. */
import { selectiveScanGrad } from "./operator.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { scanCpu } from "./scan.cpu.js";
import { scanNative } from "./scan.native.js";
import { scanTfjs } from "./scan.tfjs.js";
import { scanTorch } from "./scan.torch.js";
import { scanWasm } from "./scan.wasm.js";

export { selectiveScanGrad };
export const implementations = [scanNative, scanWasm, scanCpu, scanTfjs, ...recurrentTorch, ...scanTorch];
