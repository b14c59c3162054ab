"""Attention by two products and a softmax (arXiv 1706.03762, equation (1)), as written by hand and as torch's own math backend."""
import math

import sdpa
import torch

# Rows of queries that are computed together: their scores stay in a CPU's cache, and what causality hides is never computed
ROWS = {"cpu": 256, "cuda": 2048}


def absent(device, make):
    return sdpa.absent(make, device) if make else None


def prepare(problem):
    # a block around it may be a graph
    if getattr(problem.options, "make", None) == "math":
        return sdpa.prepare(problem, "math")
    dims = problem.dims
    b, t, s, h, g = dims.batch, dims.length, dims.context, dims.heads, dims.groups
    causal, scale = problem.settings.causal, problem.constants.scale
    kind = problem.dtype if problem.device.type == "cuda" else torch.float32
    rows = ROWS[problem.device.type]
    # a key above the diagonal of a block of rows; the block before it is seen whole
    hidden = torch.ones(rows, rows, dtype=torch.bool, device=problem.device).triu(1)

    narrowed = problem.inputs.documents is not None or problem.settings.window > 0
    first, last = visible(problem) if narrowed else (None, None)

    def by_head(tensor, heads):
        """(b t heads d) -> (b g heads/g t d)"""
        return tensor.transpose(1, 2).reshape(b, g, heads // g, tensor.shape[1], -1)

    def run():
        # scaled before the product: a pass over queries is cheaper than one over scores. Both in f32 whatever the storage: a logit
        # of some hundreds has no digit after its point in a half type
        Q = by_head(problem.inputs.Q.to(torch.float32) * scale, h)
        K, V = by_head(problem.inputs.K.to(torch.float32), g), by_head(problem.inputs.V.to(kind), g)
        Y = torch.empty(b, t, h, dims.headDimV, dtype=problem.dtype, device=problem.device)
        for start in range(0, t, rows):
            end = min(t, start + rows)
            seen = end if causal else s
            # 1. scores
            scores = Q[..., start:end, :] @ K[..., :seen, :].transpose(-1, -2)
            if narrowed:
                places = torch.arange(seen, device=problem.device)
                unseen = (places < first[:, start:end, None]) | (places >= last[:, start:end, None])
                scores.masked_fill_(unseen[:, None, None], -math.inf)
            elif causal:
                size = end - start
                scores[..., start:].masked_fill_(hidden[:size, :size], -math.inf)
            # 2. softmax; a query that sees nothing has weights of 0, not of 0 / 0
            weights = torch.softmax(scores, -1).to(kind)
            if narrowed:
                weights = weights.masked_fill(unseen[:, None, None], 0)
            # 3. product with the values
            y = weights @ V[..., :seen, :]
            Y[:, start:end] = y.reshape(b, h, end - start, -1).transpose(1, 2)
        return {"Y": Y}

    return run


def visible(problem):
    """Keys [first, end) that each query sees, (b t) or (1 t)."""
    dims, settings, documents = problem.dims, problem.settings, problem.inputs.documents
    t = torch.arange(dims.length, device=problem.device).unsqueeze(0)
    first, end = torch.zeros_like(t), torch.full_like(t, dims.context)
    if documents is not None:
        changes = documents[:, 1:] != documents[:, :-1]
        edge = torch.ones_like(changes[:, :1]) if dims.length > 1 else torch.ones(dims.batch, 1, dtype=torch.bool, device=t.device)
        first = torch.where(torch.cat([edge, changes], 1), t, 0).cummax(1).values
        end = torch.where(torch.cat([changes, edge], 1), t + 1, dims.length).flip(1).cummin(1).values.flip(1)
    if settings.window > 0:
        first, end = torch.maximum(first, t - settings.window + 1), torch.minimum(end, t + settings.window)
    if settings.causal:
        end = torch.minimum(end, t + 1)
    return first, end
