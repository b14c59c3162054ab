/** Every implementation of attention's gradients, in the order in which charts list them. */
import { materialisedTorch } from "./materialised.torch.js";
import { attentionGrad } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledTorch } from "./tiled.torch.js";

export { attentionGrad };
export const implementations = [tiledCpu, ...materialisedTorch, ...tiledTorch];
