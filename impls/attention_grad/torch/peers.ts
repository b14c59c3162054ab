/** What the declarations of torch's attention backends share when they are differentiated. */
import { attentionScale } from "../../attention/operator.js";
import type { TorchEngine } from "../../engines/torch.js";
import type { Form } from "../../implementation.js";
import type { Problem } from "../../operator.js";
import { torchPeers, torchRounding } from "../../peers/torch.js";
import { type AttentionGrad, attentionGrad } from "../operator.js";

interface Peer {
  readonly make: string;
  readonly source: string;
  unsupported?(problem: Problem<AttentionGrad>, engine?: TorchEngine): string | undefined;
  scratchBytes(problem: Problem<AttentionGrad>): number;
}

export function sdpaPeers(form: Form, { make, source, unsupported, scratchBytes }: Peer) {
  return torchPeers(attentionGrad, {
    form,
    make,
    source,
    file: new URL("./sdpa.py", import.meta.url),
    constants: (problem) => ({ scale: attentionScale(problem) }),
    // hidden weights are 0 and are multiplied all the same, by the backends that have tiles with all of a tile
    nonFinite: { tokens: form === "tiled" ? 128 : "row" },
    // the weights, the output, the gradients of both and of the logits; CUTLASS multiplies f32 three bits short of it
    rounding: ({ dtype, dims }) => {
      const usual = torchRounding(dtype, dims.context, 10, Math.min(dims.headDim, dims.headDimV));
      return make === "efficient" && dtype === "f32" ? { ...usual, accumulate: 2 ** -21 } : usual;
    },
    unsupported: (problem, _options, engine) => unsupported?.(problem, engine),
    scratchBytes,
    timed: () => "the forward pass included: its graph is made anew in every run",
  });
}
