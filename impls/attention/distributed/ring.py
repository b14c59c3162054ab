"""Attention over segments of a sequence: keys and values go round, a block at a time (arXiv 2310.01889), sums are rescaled on the way."""
import math

import torch
from shards import Cut, Shared, local_problem, sizes_of

# rows of queries whose scores lie in memory at once
ROWS = {"cpu": 256, "cuda": 2048}


def prepare(problem):
    dims, group, causal, scale = problem.dims, problem.ranks, problem.settings.causal, problem.constants.scale
    b, h, g, d, dv = dims.batch, dims.heads, dims.groups, dims.headDim, dims.headDimV
    queries, keys = sizes_of(dims.length, group.size), sizes_of(dims.context, group.size)
    length = queries[group.rank]
    over_context = Cut(1, dims.context)
    x = local_problem(problem, {}, {"Q": Cut(1, dims.length), "K": over_context, "V": over_context}, group).inputs
    kind = problem.dtype if group.on_gpu else torch.float32
    rows = ROWS[problem.device.type]
    hidden = torch.ones(rows, max(keys), dtype=torch.bool, device=problem.device)

    def by_head(tensor, heads):
        """(b t heads d) -> (b g heads/g t d)"""
        return tensor.transpose(1, 2).reshape(b, g, heads // g, tensor.shape[1], -1)

    def travel(block, step):
        """Hands the block on and takes the next one; where later keys are hidden, none goes back to the first rank."""
        after = (group.rank + 1) % group.size if not causal or group.rank + 1 < group.size else None
        origin = (group.rank - step - 1) % group.size
        comes = not causal or group.rank - step - 1 >= 0
        into = torch.empty(b, keys[origin], g, d + dv, dtype=block.dtype, device=block.device) if comes else None
        return group.exchange(block, after, into, (group.rank - 1) % group.size)

    def add(block, sums, offset):
        """One block of keys and values into the running sums. @param offset of the first query behind the first key, None if all see all"""
        K, V = by_head(block[..., :d].to(torch.float32), g), by_head(block[..., d:].to(kind), g)
        for start in range(0, length, rows):
            part = slice(start, min(length, start + rows))
            Q, Y, largest, total = (tensor[..., part, :] for tensor in sums)
            # 1. scores
            scores = Q @ K.transpose(-1, -2)
            if offset is not None:
                mask = hidden[: scores.shape[-2], : scores.shape[-1]].triu(offset + start + 1)
                scores.masked_fill_(mask, -math.inf)
            # 2. what was summed by an earlier maximum is rescaled
            seen = torch.maximum(largest, scores.amax(-1, keepdim=True))
            kept = (largest - seen).exp()
            weights = (scores - seen).exp_()
            total.mul_(kept).add_(weights.sum(-1, keepdim=True))
            # 3. product with the values
            Y.mul_(kept).add_((weights.to(kind) @ V).to(torch.float32))
            largest.copy_(seen)

    def run():
        Q = by_head(x.Q.to(torch.float32) * scale, h)
        Y = torch.zeros(*Q.shape[:-1], dv, device=problem.device)
        largest = torch.full((*Q.shape[:-1], 1), -math.inf, device=problem.device)
        sums = (Q, Y, largest, torch.zeros_like(largest))
        block = torch.cat([x.K, x.V], -1)
        # the block of each rank that this one sees, its own first
        for step in range(group.rank + 1 if causal else group.size):
            arrives = None if step == group.size - 1 else travel(block, step)
            add(block, sums, 0 if causal and step == 0 else None)
            block = arrives() if arrives else None
        whole = (Y / sums[3]).reshape(b, h, length, dv).transpose(1, 2)
        return {"Y": whole.to(problem.dtype)}

    return Shared(run, group, {"Y": Cut(1, dims.length)})
