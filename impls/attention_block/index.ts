/** Every implementation of attention_block, in the order in which charts list them. */

import { materialisedDistributed } from "./materialised.distributed.js";
import { materialisedTorch } from "./materialised.torch.js";
import { attentionBlock } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledNative } from "./tiled.native.js";

export { attentionBlock };
export const implementations = [tiledNative, tiledCpu, ...materialisedTorch, materialisedDistributed];
