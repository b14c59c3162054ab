/** The block on several processes, each with some of its inner channels. */
import { sharded, sumRounding } from "../peers/distributed.js";
import { torchRounding } from "../peers/torch.js";
import { scratchBytes } from "./fused.torch.js";
import { swigluBlock } from "./operator.js";

export const fusedDistributed = sharded(swigluBlock, {
  form: "fused",
  source: "arXiv 1909.08053 (Megatron-LM), section 3: rows of the first product, columns of the second",
  file: new URL("./distributed/tensor.py", import.meta.url),
  split: "tensor",
  graph: true,
  rounding: ({ dtype }, { ranks }) => sumRounding(torchRounding(dtype, 0, 2), ranks),
  refuses: ({ dims: { inner } }, ranks) =>
    inner < ranks ? `needs a channel for each rank, got inner=${inner} ranks=${ranks}` : undefined,
  traffic: ({ dims: { batch, length, modelDim } }, { ranks }, moved) =>
    ranks === 1 ? {} : { all_reduce: [1, batch * length * modelDim * moved] },
  scratchBytes,
});
