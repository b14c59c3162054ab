/** Every implementation of masked_attention, in the order in which charts list them. */
import { maskedAttention } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";

export { maskedAttention };
export const implementations = [quadraticCpu];
