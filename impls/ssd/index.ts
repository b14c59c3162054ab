/** Every implementation of ssd, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { ssd } from "./operator.js";
import { quadraticCpu } from "./quadratic.cpu.js";
import { chunkedWebgpu } from "./chunked.webgpu.js";
import { quadraticWebgpu } from "./quadratic.webgpu.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentWebgpu } from "./recurrent.webgpu.js";

export { ssd };
export const implementations = [recurrentCpu, quadraticCpu, chunkedCpu, recurrentWebgpu, quadraticWebgpu, chunkedWebgpu];
