/** Every implementation of mamba3, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { mamba3, usualPairs } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentWasm } from "./recurrent.wasm.js";

export { mamba3, usualPairs };
export const implementations = [
  chunkedNative,
  chunkedWasm,
  recurrentWasm,
  chunkedCpu,
  recurrentCpu,
  quadraticCpu,
];
