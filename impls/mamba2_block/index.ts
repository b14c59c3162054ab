/** Every implementation of mamba2_block, in the order in which charts list them. */

import { chunkedCpu } from "./chunked.cpu.js";
import { chunkedDistributed } from "./chunked.distributed.js";
import { chunkedNative } from "./chunked.native.js";
import { chunkedTfjs } from "./chunked.tfjs.js";
import { chunkedTorch } from "./chunked.torch.js";
import { chunkedWasm } from "./chunked.wasm.js";
import { mamba2Block } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { mamba2Block };
export const implementations = [
  chunkedNative,
  chunkedWasm,
  chunkedCpu,
  recurrentCpu,
  chunkedTfjs,
  ...chunkedTorch,
  ...chunkedDistributed,
];
