/** Every implementation of ssd, in the order in which charts list them. */
import { chunkedWasm } from "./chunked.wasm.js";
import { ssd } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { ssd };
export const implementations = [recurrentCpu, chunkedWasm];
