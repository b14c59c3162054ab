/** All operators and all implementations: explicit lists, nothing is found by scanning. */
import * as attention from "./attention/index.js";
import * as attentionBlock from "./attention_block/index.js";
import * as attentionBlockGrad from "./attention_block_grad/index.js";
import * as attentionDecode from "./attention_decode/index.js";
import * as attentionGrad from "./attention_grad/index.js";
import * as causalConv1d from "./causal_conv1d/index.js";
import * as convolution from "./convolution/index.js";
import type { AnyImplementation } from "./implementation.js";
import * as mamba1Block from "./mamba1_block/index.js";
import * as mamba1BlockGrad from "./mamba1_block_grad/index.js";
import * as mamba2Block from "./mamba2_block/index.js";
import * as mamba2BlockGrad from "./mamba2_block_grad/index.js";
import * as mamba3 from "./mamba3/index.js";
import * as maskedAttention from "./masked_attention/index.js";
import type { AnyOperator } from "./operator.js";
import * as rmsNormGated from "./rms_norm_gated/index.js";
import * as selectiveScan from "./selective_scan/index.js";
import * as selectiveScanDecode from "./selective_scan_decode/index.js";
import * as selectiveScanGrad from "./selective_scan_grad/index.js";
import * as ssd from "./ssd/index.js";
import * as ssdDecode from "./ssd_decode/index.js";
import * as ssdGrad from "./ssd_grad/index.js";

import * as swigluBlock from "./swiglu_block/index.js";
import * as swigluBlockGrad from "./swiglu_block_grad/index.js";

export const operators: readonly AnyOperator[] = [
  ssd.ssd,
  selectiveScan.selectiveScan,
  attention.attention,
  convolution.convolution,
  maskedAttention.maskedAttention,
  causalConv1d.causalConv1d,
  rmsNormGated.rmsNormGated,
  ssdGrad.ssdGrad,
  selectiveScanGrad.selectiveScanGrad,
  attentionGrad.attentionGrad,
  ssdDecode.ssdDecode,
  selectiveScanDecode.selectiveScanDecode,
  attentionDecode.attentionDecode,
  mamba3.mamba3,
  mamba2Block.mamba2Block,
  mamba1Block.mamba1Block,
  attentionBlock.attentionBlock,
  swigluBlock.swigluBlock,
  mamba2BlockGrad.mamba2BlockGrad,
  mamba1BlockGrad.mamba1BlockGrad,
  attentionBlockGrad.attentionBlockGrad,
  swigluBlockGrad.swigluBlockGrad,
];
export const implementations: readonly AnyImplementation[] = [
  ...ssd.implementations,
  ...selectiveScan.implementations,
  ...attention.implementations,
  ...convolution.implementations,
  ...maskedAttention.implementations,
  ...causalConv1d.implementations,
  ...rmsNormGated.implementations,
  ...ssdGrad.implementations,
  ...selectiveScanGrad.implementations,
  ...attentionGrad.implementations,
  ...ssdDecode.implementations,
  ...selectiveScanDecode.implementations,
  ...attentionDecode.implementations,
  ...mamba3.implementations,
  ...mamba2Block.implementations,
  ...mamba1Block.implementations,
  ...attentionBlock.implementations,
  ...swigluBlock.implementations,
  ...mamba2BlockGrad.implementations,
  ...mamba1BlockGrad.implementations,
  ...attentionBlockGrad.implementations,
  ...swigluBlockGrad.implementations,
];

/** @throws when there is none of that name */
export function operatorNamed(name: string): AnyOperator {
  const operator = operators.find((known) => known.name === name);
  if (!operator)
    throw new Error(`no operator ${name}; there are ${operators.map((known) => known.name).join(", ")}`);
  return operator;
}
