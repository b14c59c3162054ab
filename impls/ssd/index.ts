/** Every implementation of ssd, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { ssd } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";
import { quadraticWasm } from "./quadratic.wasm.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentWasm } from "./recurrent.wasm.js";

export { ssd };
export const implementations = [chunkedWasm, recurrentWasm, quadraticWasm, recurrentCpu, quadraticCpu, chunkedCpu];
