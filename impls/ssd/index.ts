/** Every implementation of ssd, in the order in which charts list them. */
import { chunkedWebgpu } from "./chunked.webgpu.js";
import { ssd } from "./operator.js";
import { quadraticWebgpu } from "./quadratic.webgpu.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentWebgpu } from "./recurrent.webgpu.js";

export { ssd };
export const implementations = [recurrentCpu, recurrentWebgpu, quadraticWebgpu, chunkedWebgpu];
