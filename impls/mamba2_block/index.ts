/** Every implementation of mamba2_block, in the order in which charts list them. */
import { chunkedNative } from "./chunked.native.js";
import { mamba2Block } from "./operator.js";

export { mamba2Block };
export const implementations = [chunkedNative];
