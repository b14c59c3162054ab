/** Every implementation of selective_scan's gradients, in the order in which charts list them. */
import { selectiveScanGrad } from "./operator.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { scanCpu } from "./scan.cpu.js";
import { scanTfjs } from "./scan.tfjs.js";
import { scanTorch } from "./scan.torch.js";

export { selectiveScanGrad };
export const implementations = [scanCpu, scanTfjs, ...recurrentTorch, ...scanTorch];
