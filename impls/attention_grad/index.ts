/** Every implementation of attention's gradients, in the order in which charts list them. */
import { materialisedTfjs } from "./materialised.tfjs.js";
import { materialisedTorch } from "./materialised.torch.js";
import { attentionGrad } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledTorch } from "./tiled.torch.js";

export { attentionGrad };
export const implementations = [tiledCpu, materialisedTfjs, ...materialisedTorch, ...tiledTorch];
