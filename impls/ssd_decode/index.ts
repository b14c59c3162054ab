/** Every implementation of ssd_decode, in the order in which charts list them. */
import { ssdDecode } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentCuda } from "./recurrent.cuda.js";
import { recurrentNative } from "./recurrent.native.js";
import { recurrentTfjs } from "./recurrent.tfjs.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { recurrentWasm } from "./recurrent.wasm.js";
import { recurrentWebgpu } from "./recurrent.webgpu.js";

export { ssdDecode };
export const implementations = [
  recurrentNative,
  recurrentWasm,
  recurrentCpu,
  recurrentTfjs,
  recurrentWebgpu,
  recurrentCuda,
  ...recurrentTorch,
];
