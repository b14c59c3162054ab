/** One step on torch: in its ops, and by the official kernel. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { extrasOf, STEPS, ssd } from "../ssd/operator.js";
import { ratesOf } from "../ssd/torch/official.js";
import { ssdDecode } from "./operator.js";

const stateBytes = ({ dims }: { readonly dims: Readonly<Record<string, number>> }) =>
  f32Bytes(dims.batch, dims.heads, dims.headDim, dims.state);

const inTorchOps = torchPeers(ssdDecode, {
  form: "recurrent",
  source: "arXiv 2405.21060, equation (1), in torch ops",
  file: new URL("./torch/recurrent.py", import.meta.url),
  replays: ["graph"],
  takes: STEPS,
  // what a reset hides is multiplied by 0
  nonFinite: { borders: true },
  // everything is computed in f32 and stored once
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  scratchBytes: (problem) => 3 * stateBytes(problem),
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
});

const mamba = torchPeers(ssdDecode, {
  form: "recurrent",
  make: "mamba-ssm",
  source: "mamba_ssm, selective_state_update (Triton)",
  file: new URL("../recurrence/update.mamba.py", import.meta.url),
  replays: ["graph"],
  takes: STEPS,
  constants: (problem) => ({ rates: ratesOf(forwardProblem(ssd, problem)) ?? [] }),
  rounding: ({ dtype }) => ({ ...torchRounding(dtype, 0, 1), accumulate: 2 ** -23 }),
  unsupported(problem) {
    const forward = forwardProblem(ssd, problem);
    const extras = extrasOf(forward);
    if (extras.includes("limits of dt")) return "selective_state_update knows no limits of dt";
    const made = extras.some((extra) => ["dtBias", "softplus"].includes(extra));
    const ready = problem.inputs.logA?.axes.length !== 1;
    return !problem.inputs.dt || (ready && (made || ratesOf(forward) === undefined))
      ? "selective_state_update needs logA = dt A with one A a head"
      : undefined;
  },
  scratchBytes: stateBytes,
  timed: () => "the old state copied in each run: the kernel writes over it",
});

export const recurrentTorch = [...inTorchOps, ...mamba];
