"""One step of the selective scan in torch ops (arXiv 2312.00752, equation (2)): a state comes in, another one goes out."""
import torch
import torch.nn.functional as F


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, g, n = dims.batch, dims.groups, dims.state
    # states stay in f32 whatever the storage type, as in the official code
    kind = torch.float32

    def of_group(tensor, constant):
        """(b g n), or (h p n) where it is constant in time"""
        return tensor.to(kind).view(1, g, -1, n) if constant else tensor.to(kind).unsqueeze(2)

    def run():
        delta, u = x.delta, x.u.to(kind)
        if x.deltaBias is not None:
            delta = delta + x.deltaBias
        if problem.settings.softplus:
            delta = F.softplus(delta)
        decay = (delta.view(b, g, -1, 1) * x.A.view(1, g, -1, n)).exp_()
        added = (delta * u).view(b, g, -1, 1) * of_group(x.B, problem.constants.constantB)
        S = torch.addcmul(added, decay, x.initialState.view(b, g, -1, n))
        Y = (S * of_group(x.C, problem.constants.constantC)).sum(-1).view(u.shape)
        if x.D is not None:
            Y = Y + x.D * u
        if x.z is not None:
            Y = Y * F.silu(x.z.to(kind))
        return {"Y": Y.to(problem.dtype), "finalState": S.view(x.initialState.shape)}

    return run
