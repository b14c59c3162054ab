/** Every implementation of attention's gradients, in the order in which charts list them. */
import { materialisedTfjs } from "./materialised.tfjs.js";
import { materialisedTorch } from "./materialised.torch.js";
import { attentionGrad } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledNative } from "./tiled.native.js";
import { tiledTorch } from "./tiled.torch.js";
import { tiledWasm } from "./tiled.wasm.js";

export { attentionGrad };
export const implementations = [
  tiledNative,
  tiledWasm,
  tiledCpu,
  materialisedTfjs,
  ...materialisedTorch,
  ...tiledTorch,
];
