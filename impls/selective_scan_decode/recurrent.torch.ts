/** One step on torch: in its ops, and by the official kernel. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { selectiveScanDecode } from "./operator.js";

const stateBytes = ({ dims }: { readonly dims: Readonly<Record<string, number>> }) =>
  f32Bytes(dims.batch, dims.heads, dims.headDim, dims.state);

const inTorchOps = torchPeers(selectiveScanDecode, {
  form: "recurrent",
  source: "arXiv 2312.00752, equation (2), in torch ops",
  file: new URL("./torch/recurrent.py", import.meta.url),
  replays: ["graph"],
  // of (heads headDim state) and (batch groups state) one is constant in time; sizes alone do not tell which
  constants: ({ inputs }) => ({
    constantB: inputs.B?.axes[0] === "batch" ? 0 : 1,
    constantC: inputs.C?.axes[0] === "batch" ? 0 : 1,
  }),
  // everything is computed in f32 and stored once
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  scratchBytes: (problem) => 4 * stateBytes(problem),
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
});

const mamba = torchPeers(selectiveScanDecode, {
  form: "recurrent",
  make: "mamba-ssm",
  source: "mamba_ssm, selective_state_update (Triton)",
  file: new URL("../recurrence/update.mamba.py", import.meta.url),
  replays: ["graph"],
  rounding: ({ dtype }) => ({ ...torchRounding(dtype, 0, 1), accumulate: 2 ** -23 }),
  unsupported: ({ inputs }) =>
    inputs.B?.axes[0] === "batch" && inputs.C?.axes[0] === "batch"
      ? undefined
      : "selective_state_update takes no B or C that is constant in time",
  scratchBytes: stateBytes,
  timed: () => "the old state copied in each run: the kernel writes over it",
});

export const recurrentTorch = [...inTorchOps, ...mamba];
