"""One step of ssd in torch ops (arXiv 2405.21060, equation (1)): a state comes in, another one goes out."""
import torch
import torch.nn.functional as F


def prepare(problem):
    dims, x, s = problem.dims, problem.inputs, problem.settings
    b, h, g, p, n = dims.batch, dims.heads, dims.groups, dims.headDim, dims.state
    # states stay in f32 whatever the storage type, as in the official code
    kind = torch.float32

    def of_heads(tensor):
        """(b g n) -> (b g 1 n), which broadcasts against the channels of a group"""
        return tensor.to(kind).unsqueeze(2)

    def run():
        decay, dt = x.logA, x.dt
        if dt is not None:
            if x.dtBias is not None:
                dt = dt + x.dtBias
            if s.softplus:
                dt = F.softplus(dt)
            if s.dtMin > 0 or s.dtMax > 0:
                dt = dt.clamp(s.dtMin, s.dtMax or float("inf"))
        if decay.dim() == 1:
            decay = dt * decay
        X = x.X.to(kind)
        added = X if dt is None else X * dt.unsqueeze(-1)
        decay = decay.exp().unsqueeze(-1).expand(b, h, p).reshape(b, g, -1, 1)
        S = torch.addcmul(added.reshape(b, g, -1, 1) * of_heads(x.B), decay, x.initialState.view(b, g, -1, n))
        Y = (S @ x.C.to(kind).unsqueeze(-1)).view(b, h, p)
        if x.D is not None:
            Y = Y + X * x.D.view(h, -1)
        if x.z is not None:
            Y = Y * F.silu(x.z.to(kind))
        return {"Y": Y.to(problem.dtype), "finalState": S.view(b, h, p, n)}

    return run
