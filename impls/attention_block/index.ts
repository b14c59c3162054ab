/** Every implementation of attention_block, in the order in which charts list them. */

import { materialisedDistributed } from "./materialised.distributed.js";
import { materialisedTfjs } from "./materialised.tfjs.js";
import { materialisedTorch } from "./materialised.torch.js";
import { attentionBlock } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledNative } from "./tiled.native.js";
import { tiledWasm } from "./tiled.wasm.js";

export { attentionBlock };
export const implementations = [
  tiledNative,
  tiledWasm,
  tiledCpu,
  materialisedTfjs,
  ...materialisedTorch,
  materialisedDistributed,
];
