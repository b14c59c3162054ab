/** Bugs of sharding: each rank is right by itself, and what goes from one to the next is not. They run where PyTorch is. */
import { type Patch, patchesOf } from "./patch.js";

const SEQUENCE = "engines/distributed/split_sequence.py";

export const distributed: readonly Patch[] = [
  ...patchesOf("ssd/chunked.distributed", SEQUENCE, [
    [
      "ranks-state-of-the-wrong-neighbour",
      "a segment starts from what it hands on, not from what it was handed",
      "            group.send(after, group.rank + direction)()\n        return state",
      "            group.send(after, group.rank + direction)()\n            return after\n        return state",
    ],
    [
      "ranks-decay-of-a-segment-forgotten",
      "a state passes through a segment without that segment's decay",
      "            after = torch.addcmul(own, state, wide(log_decay.exp()))",
      "            after = own + state",
    ],
    [
      "ranks-tree-decay-of-the-last-round",
      "a round of the tree decays by the segment alone, not by all that it has come to cover",
      "                own = torch.addcmul(own, theirs, wide(all_decay.exp()))",
      "                own = torch.addcmul(own, theirs, wide(log_decay.exp()))",
    ],
    [
      "ranks-first-state-forgotten",
      "the sequence's initial state enters the first segment and no other",
      "            own = torch.addcmul(own, carry, wide(log_decay.exp()))",
      "            own = own + 0 * carry",
    ],
    [
      "ranks-own-state-decayed-twice",
      "the state that a segment adds decays by the chunk that made it, too",
      "to_end = behind[:, 1:].exp()",
      "to_end = behind[:, :-1].exp()",
    ],
  ]),
  ...patchesOf("ssd_grad/chunked.distributed", SEQUENCE, [
    [
      "ranks-cotangent-without-decay",
      "what goes back through a segment leaves out the decay that the state had",
      "        decayed = of_leaving * wide(log_decay.exp())",
      "        decayed = of_leaving",
    ],
  ]),
  ...patchesOf("mamba2_block/chunked.distributed", SEQUENCE, [
    [
      "ranks-border-of-the-convolution-dropped",
      "the convolution starts every segment from zeros",
      "        return before if before.shape[1] == 0 else Border.apply(self.group, before, rows)",
      "        return before",
    ],
  ]),
  ...patchesOf("swiglu_block/fused.distributed", "engines/distributed/split_tensor.py", [
    [
      "ranks-part-missing-in-the-sum",
      "the last rank takes part in the sum and adds nothing to it",
      "        return group.all_reduce(value)",
      "        return group.all_reduce(value * (group.rank + 1 < group.size))",
    ],
  ]),
  ...patchesOf("mamba1_block/recurrent.distributed", "mamba1_block/torch/recurrent.py", [
    [
      "ranks-steps-of-a-part",
      "steps, B and C are made of the rank's own channels",
      "        chosen = problem.ranks.shared(compose.total_of(problem, rows, x.xProj))",
      "        chosen = compose.linear(problem, rows, x.xProj)",
    ],
  ]),
  ...patchesOf("attention/tiled.distributed", "attention/distributed/ring.py", [
    [
      "ranks-sums-not-rescaled",
      "a block of keys with a larger maximum leaves what was summed before as it was",
      "            Y.mul_(kept).add_(",
      "            Y.add_(",
    ],
  ]),
];
