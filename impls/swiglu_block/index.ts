/** Every implementation of swiglu_block, in the order in which charts list them. */

import { fusedCpu } from "./fused.cpu.js";
import { fusedDistributed } from "./fused.distributed.js";
import { fusedNative } from "./fused.native.js";
import { fusedTfjs } from "./fused.tfjs.js";
import { fusedTorch } from "./fused.torch.js";
import { fusedWasm } from "./fused.wasm.js";
import { swigluBlock } from "./operator.js";

export { swigluBlock };
export const implementations = [fusedNative, fusedWasm, fusedCpu, fusedTfjs, ...fusedTorch, fusedDistributed];
