"""Gradients of the selective scan by autograd through a plain loop over tokens: what "Scan (PyTorch)" costs to train."""
import differentiate
import torch
import torch.nn.functional as F

DIFFERENTIATES = True
NAMES = ("u", "delta", "A", "B", "C", "D", "z", "deltaBias", "initialState")


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, g, n = dims.batch, dims.length, dims.groups, dims.state
    d = dims.heads * dims.headDim
    kind = torch.float32

    def by_channel(tensor):
        """(b t g n), or (h p n) when constant, as something that broadcasts against (b t g d/g n)."""
        if tensor.dim() == 3:
            return tensor.to(kind).reshape(1, 1, g, d // g, n)
        return tensor.to(kind).unsqueeze(3)

    def forward():
        delta = x.delta.reshape(b, t, g, d // g)
        if x.deltaBias is not None:
            delta = delta + x.deltaBias.view(g, d // g)
        if problem.settings.softplus:
            delta = F.softplus(delta)
        u = x.u.to(kind).reshape(b, t, g, d // g)
        decays = torch.exp(delta.unsqueeze(-1) * x.A.view(g, d // g, n))
        if x.documents is not None:
            # the id before the first is 0: an initial state belongs to a document of that id
            kept = x.documents == F.pad(x.documents[:, :-1], (1, 0))
            decays = decays * kept.to(kind).view(b, t, 1, 1, 1)
        added = (delta * u).unsqueeze(-1) * by_channel(x.B)
        S = torch.zeros(b, g, d // g, n, dtype=kind, device=problem.device)
        if x.initialState is not None:
            S = x.initialState.view(b, g, d // g, n)
        states = []
        for a, s in zip(decays.unbind(1), added.unbind(1)):
            S = torch.addcmul(s, a, S)
            states.append(S)
        Y = (torch.stack(states, 1) * by_channel(x.C)).sum(-1).reshape(b, t, dims.heads, dims.headDim)
        if x.D is not None:
            Y = Y + x.D * x.u
        if x.z is not None:
            Y = Y * F.silu(x.z.to(kind))
        return {"Y": Y.to(problem.dtype), "finalState": S.view(b, dims.heads, dims.headDim, n)}

    return differentiate.gradients(problem, NAMES, forward)
