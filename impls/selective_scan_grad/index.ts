/** Every implementation of selective_scan's gradients, in the order in which charts list them. */
import { selectiveScanGrad } from "./operator.js";
import { scanCpu } from "./scan.cpu.js";

export { selectiveScanGrad };
export const implementations = [scanCpu];
