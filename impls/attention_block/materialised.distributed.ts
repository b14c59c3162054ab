/** The block on several processes, each with some heads and their keys and values. */
import { attentionScale } from "../attention/operator.js";
import { sharded, sumRounding } from "../peers/distributed.js";
import { torchRounding } from "../peers/torch.js";
import { scratchBytes } from "./materialised.torch.js";
import { attentionBlock } from "./operator.js";

export const materialisedDistributed = sharded(attentionBlock, {
  form: "materialised",
  source: "arXiv 1909.08053 (Megatron-LM), section 3: heads divided, one sum a block",
  file: new URL("./distributed/tensor.py", import.meta.url),
  split: "tensor",
  graph: true,
  constants: (problem) => ({ scale: attentionScale(problem) }),
  nonFinite: { tokens: "row" },
  rounding: ({ dtype, dims }, { ranks }) => sumRounding(torchRounding(dtype, dims.context, 4), ranks),
  refuses: ({ dims: { groups } }, ranks) =>
    groups % ranks === 0 ? undefined : `needs groups divisible by ranks=${ranks}, got groups=${groups}`,
  traffic: ({ dims: { batch, length, modelDim } }, { ranks }, moved) =>
    ranks === 1 ? {} : { all_reduce: [1, batch * length * modelDim * moved] },
  scratchBytes,
});
