/** Every implementation of mamba1_block, in the order in which charts list them. */

import { mamba1Block } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { recurrentDistributed } from "./recurrent.distributed.js";
import { recurrentNative } from "./recurrent.native.js";
import { recurrentTorch } from "./recurrent.torch.js";
import { recurrentWasm } from "./recurrent.wasm.js";
import { scanTfjs } from "./scan.tfjs.js";
import { scanTorch } from "./scan.torch.js";

export { mamba1Block };
export const implementations = [
  recurrentNative,
  recurrentWasm,
  recurrentCpu,
  scanTfjs,
  ...recurrentTorch,
  ...scanTorch,
  recurrentDistributed,
];
