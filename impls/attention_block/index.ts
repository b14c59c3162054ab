/** Every implementation of attention_block, in the order in which charts list them. */
import { attentionBlock } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";

export { attentionBlock };
export const implementations = [tiledCpu];
