/** Every implementation of attention's gradients, in the order in which charts list them. */
import { attentionGrad } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledNative } from "./tiled.native.js";

export { attentionGrad };
export const implementations = [tiledNative, tiledCpu];
