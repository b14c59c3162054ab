/** Every implementation of attention_decode, in the order in which charts list them. */
import { materialisedCpu } from "./materialised.cpu.js";
import { materialisedTfjs } from "./materialised.tfjs.js";
import { materialisedTorch } from "./materialised.torch.js";
import { attentionDecode } from "./operator.js";
import { tiledCuda } from "./tiled.cuda.js";
import { tiledNative } from "./tiled.native.js";
import { tiledTorch } from "./tiled.torch.js";
import { tiledWasm } from "./tiled.wasm.js";
import { tiledWebgpu } from "./tiled.webgpu.js";

export { attentionDecode };
export const implementations = [
  tiledNative,
  tiledWasm,
  materialisedCpu,
  materialisedTfjs,
  tiledWebgpu,
  tiledCuda,
  ...materialisedTorch,
  ...tiledTorch,
];
