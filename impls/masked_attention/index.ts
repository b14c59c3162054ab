/** Every implementation of masked_attention, in the order in which charts list them. */
import { fftCpu } from "./fft.cpu.js";
import { fftWasm } from "./fft.wasm.js";
import { linearCpu } from "./linear.cpu.js";
import { linearTfjs } from "./linear.tfjs.js";
import { linearWasm } from "./linear.wasm.js";
import { maskedAttention } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";
import { quadraticTfjs } from "./quadratic.tfjs.js";
import { quadraticWasm } from "./quadratic.wasm.js";

export { maskedAttention };
export const implementations = [
  quadraticWasm,
  linearWasm,
  fftWasm,
  quadraticCpu,
  linearCpu,
  fftCpu,
  quadraticTfjs,
  linearTfjs,
];
