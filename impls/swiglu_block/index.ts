/** Every implementation of swiglu_block, in the order in which charts list them. */

import { fusedCpu } from "./fused.cpu.js";
import { swigluBlock } from "./operator.js";

export { swigluBlock };
export const implementations = [fusedCpu];
