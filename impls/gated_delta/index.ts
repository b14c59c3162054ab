/** Every implementation of gated_delta, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedNative } from "./chunked.native.js";
import { gatedDelta } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { gatedDelta };
export const implementations = [chunkedNative, chunkedCpu, recurrentCpu];
