"""One query over a cache by two products and a softmax (arXiv 1706.03762, equation (1))."""
import torch


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, g, h = dims.batch, dims.groups, dims.heads
    first, scale = problem.constants.first, problem.constants.scale
    # in f32 whatever the storage: a logit of some hundreds has no digit after its point in a half type
    kind = torch.float32

    def run():
        query = (x.Q.to(kind) * scale).view(b, g, h // g, -1)
        # 1. scores, the new token's last
        old = query @ x.K[:, first:].to(kind).permute(0, 2, 3, 1)
        own = query @ x.k.to(kind).unsqueeze(-1)
        # 2. softmax
        weights = torch.softmax(torch.cat([old, own], -1), -1)
        # 3. product with the values
        Y = weights[..., :-1] @ x.V[:, first:].to(kind).transpose(1, 2) + weights[..., -1:] * x.v.to(kind).unsqueeze(2)
        return {"Y": Y.view(b, h, -1).to(problem.dtype)}

    return run
