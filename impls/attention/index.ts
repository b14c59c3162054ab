/** Every implementation of attention, in the order in which charts list them. */
import { materialisedCpu } from "./materialised.cpu.js";
import { materialisedJaxjs } from "./materialised.jaxjs.js";
import { materialisedOnnxruntime } from "./materialised.onnxruntime.js";
import { materialisedTfjs } from "./materialised.tfjs.js";
import { materialisedTorch } from "./materialised.torch.js";
import { materialisedWebgpu } from "./materialised.webgpu.js";
import { attention } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledCuda } from "./tiled.cuda.js";
import { tiledDistributed } from "./tiled.distributed.js";
import { tiledNative } from "./tiled.native.js";
import { tiledTorch } from "./tiled.torch.js";
import { tiledWasm } from "./tiled.wasm.js";
import { tiledWebgpu } from "./tiled.webgpu.js";

export { attention };
export const implementations = [
  tiledNative,
  tiledWasm,
  tiledCpu,
  materialisedCpu,
  materialisedTfjs,
  materialisedWebgpu,
  tiledWebgpu,
  tiledCuda,
  ...materialisedTorch,
  ...tiledTorch,
  tiledDistributed,
  materialisedOnnxruntime,
  materialisedJaxjs,
];
