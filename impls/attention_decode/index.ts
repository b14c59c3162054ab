/** Every implementation of attention_decode, in the order in which charts list them. */
import { materialisedCpu } from "./materialised.cpu.js";
import { attentionDecode } from "./operator.js";
import { tiledNative } from "./tiled.native.js";
import { tiledWasm } from "./tiled.wasm.js";
import { tiledWebgpu } from "./tiled.webgpu.js";

export { attentionDecode };
export const implementations = [tiledNative, tiledWasm, materialisedCpu, tiledWebgpu];
