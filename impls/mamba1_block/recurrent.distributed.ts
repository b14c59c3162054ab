/** The block on several processes, each with some of its channels. */
import { sharded, sumRounding } from "../peers/distributed.js";
import { torchRounding } from "../peers/torch.js";
import { mamba1Block } from "./operator.js";
import { scratchBytes } from "./recurrent.torch.js";

export const recurrentDistributed = sharded(mamba1Block, {
  form: "recurrent",
  source:
    "arXiv 2405.21060, section 8.1: what Mamba-1 needs, a sum for steps, B and C, and one behind the block",
  file: new URL("./distributed/tensor.py", import.meta.url),
  split: "tensor",
  rounding: ({ dtype }, { ranks }) => sumRounding(sumRounding(torchRounding(dtype, 0, 1), ranks), ranks),
  refuses: ({ dims: { inner } }, ranks) =>
    inner < ranks ? `needs a channel for each rank, got inner=${inner} ranks=${ranks}` : undefined,
  traffic: ({ dims: { batch, length, modelDim, selected } }, { ranks }, moved) =>
    ranks === 1 ? {} : { all_reduce: [2, batch * length * (selected + modelDim) * moved] },
  scratchBytes,
});
