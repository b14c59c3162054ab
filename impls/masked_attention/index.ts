/** Every implementation of masked_attention, in the order in which charts list them. */
import { fftCpu } from "./fft.cpu.js";
import { linearCpu } from "./linear.cpu.js";
import { maskedAttention } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";

export { maskedAttention };
export const implementations = [quadraticCpu, linearCpu, fftCpu];
