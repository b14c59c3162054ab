/** Every implementation of an attention block's gradients, in the order in which charts list them. */
import { materialisedTorch } from "./materialised.torch.js";
import { attentionBlockGrad } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledNative } from "./tiled.native.js";

export { attentionBlockGrad };
export const implementations = [tiledNative, tiledCpu, ...materialisedTorch];
