/** Every implementation of a gated MLP's gradients, in the order in which charts list them. */
import { fusedCpu } from "./fused.cpu.js";
import { fusedNative } from "./fused.native.js";
import { fusedTorch } from "./fused.torch.js";
import { swigluBlockGrad } from "./operator.js";

export { swigluBlockGrad };
export const implementations = [fusedNative, fusedCpu, ...fusedTorch];
