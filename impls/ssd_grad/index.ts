/** Every implementation of ssd's gradients, in the order in which charts list them. */
import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedDistributed } from "./chunked.distributed.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedTfjs } from "./chunked.tfjs.js";
import { chunkedTorch } from "./chunked.torch.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { ssdGrad } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { ssdGrad };
export const implementations = [
  chunkedNative,
  chunkedWasm,
  chunkedCpu,
  recurrentCpu,
  chunkedTfjs,
  ...chunkedTorch,
  chunkedDistributed,
];
