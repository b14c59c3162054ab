/** Every implementation of a Mamba-2 block's gradients, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedTorch } from "./chunked.torch.js";
import { mamba2BlockGrad } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { mamba2BlockGrad };
export const implementations = [chunkedNative, chunkedCpu, recurrentCpu, ...chunkedTorch];
