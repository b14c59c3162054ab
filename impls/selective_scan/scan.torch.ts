/** Mamba-1's own fused scan, the curve that the paper's figure 10 holds SSD against. */

import { f32Bytes, torchPeers } from "../peers/torch.js";
import { scanRoundings } from "../recurrence/associative-scan.js";
import { selectiveScan } from "./operator.js";

export const scanTorch = torchPeers(selectiveScan, {
  form: "scan",
  make: "mamba-ssm",
  replays: ["graph"],
  source: "mamba_ssm, selective_scan_fn (CUDA; arXiv 2312.00752, algorithm 2)",
  file: new URL("./torch/scan.mamba.py", import.meta.url),
  // with half types it wants delta in them too, which this operator keeps in f32: rounded steps would be another problem
  dtypes: ["f32"],
  rounding: ({ dims }) => ({
    accumulate: 2 ** -23,
    storage: 0,
    roundings: 0,
    longestSum: scanRoundings(dims.length),
    decay: "segsum",
  }),
  unsupported({ dims, inputs }) {
    if (inputs.initialState) return "selective_scan_fn takes no initial state";
    return dims.state > 256
      ? `selective_scan_fn needs state of at most 256, got state=${dims.state}`
      : undefined;
  },
  scratchBytes: ({ dims: { batch, length, heads, headDim, state } }) =>
    f32Bytes(batch, length, heads, headDim) +
    f32Bytes(batch, heads, headDim, 2 * state, Math.ceil(length / 2048)),
  timed: () => "time-last layout made before timing",
});
