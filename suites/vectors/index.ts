/** Golden ops that something here can run. */
import { attentionOp } from "./attention.js";
import { blockOps } from "./blocks.js";
import { causalConv1dOp } from "./causal_conv1d.js";
import { gatedDeltaRule } from "./gated_delta_rule.js";
import type { GoldenCase } from "./golden.js";
import { gradientOps } from "./gradients.js";
import { mamba3Siso } from "./mamba3_siso.js";
import type { GoldenOp, Mapping } from "./mapping.js";
import { maskedAttentionOp } from "./masked_attention.js";
import { rmsNormGatedOp } from "./rms_norm_gated.js";
import { selectiveScanOp } from "./selective_scan.js";
import { ssdCombined } from "./ssd_combined.js";
import { ssdDecodeOp } from "./ssd_decode.js";
import { ssdMinimal } from "./ssd_minimal.js";

const ops: readonly GoldenOp[] = [
  ssdMinimal,
  ssdCombined,
  ssdDecodeOp,
  mamba3Siso,
  gatedDeltaRule,
  selectiveScanOp,
  attentionOp,
  maskedAttentionOp,
  causalConv1dOp,
  rmsNormGatedOp,
  ...gradientOps,
  ...blockOps,
];

/** @throws an Error when the file contradicts its op */
export function mapGolden(golden: GoldenCase): Mapping {
  const found = ops.find(({ op }) => op === golden.op);
  if (found) return wholly(golden, found.map(golden));
  return { skip: `op ${golden.op} is unknown here` };
}

/** A case whose tensors are not all used and compared would pass for more than it is. */
function wholly(golden: GoldenCase, mapping: Mapping): Mapping {
  const untaken = "skip" in mapping ? [] : golden.untaken();
  if (untaken.length === 0) return mapping;
  return { skip: `op ${golden.op} here has no use for ${untaken.join(", ")}, which the file declares` };
}

export { type GoldenCase, parseGolden } from "./golden.js";
export type { GoldenProblem, Mapping } from "./mapping.js";
