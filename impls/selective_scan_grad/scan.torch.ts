/** Mamba-1's own fused scan with its backward pass. */
import { f32Bytes, torchPeers } from "../peers/torch.js";
import { scanRoundings } from "../recurrence/associative-scan.js";
import { selectiveScanGrad } from "./operator.js";

export const scanTorch = torchPeers(selectiveScanGrad, {
  form: "scan",
  make: "mamba-ssm",
  source: "mamba_ssm, selective_scan_fn and its backward pass (CUDA; arXiv 2312.00752, algorithm 2)",
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
    if (inputs.dFinalState) return "selective_scan_fn has no gradient of its last state";
    return dims.state > 256
      ? `selective_scan_fn needs state of at most 256, got state=${dims.state}`
      : undefined;
  },
  scratchBytes: ({ dims: { batch, length, heads, headDim, state } }) =>
    8 * f32Bytes(batch, length, heads, headDim) +
    f32Bytes(batch, heads, headDim, 2 * state, Math.ceil(length / 2048)),
  timed: () => "the forward pass included; layouts with time last made within the run",
});
