/** Every implementation of a Mamba-1 block's gradients, in the order in which charts list them. */
import { mamba1BlockGrad } from "./operator.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { scanCpu } from "./scan.cpu.js";
import { scanNative } from "./scan.native.js";

export { mamba1BlockGrad };
export const implementations = [scanNative, scanCpu, ...recurrentTorch];
