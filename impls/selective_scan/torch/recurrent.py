"""Mamba-1's recurrence as a loop of torch ops (arXiv 2312.00752, equation (2)), written to be as fast as such a loop can be.

One op a token: discretisation and readout are done for a block of tokens at once, and each state is written over its own input.
"""
import torch
import torch.nn.functional as F

# Elements of the states of a block of tokens: what a CPU's cache holds, and what makes a GPU's launches worth their while
BLOCK = {"cpu": 1 << 19, "cuda": 1 << 24}


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, g, n = dims.batch, dims.length, dims.groups, dims.state
    d = dims.heads * dims.headDim
    # states and decays stay in f32 whatever the storage type, as in the official code
    kind = torch.float32
    constant_b, constant_c = x.B.dim() == 3, x.C.dim() == 3
    block = max(1, min(t, BLOCK[problem.device.type] // (b * d * n)))

    def by_channel(tensor, tokens, constant):
        """(b q g n), or (h p n) when constant, as something that broadcasts against (q b g d/g n)."""
        if constant:
            return tensor.to(kind).reshape(1, 1, g, d // g, n)
        return tensor[:, tokens].to(kind).transpose(0, 1).unsqueeze(3)

    def run():
        A = x.A.view(g, d // g, n)
        S = torch.zeros(b, g, d // g, n, device=problem.device, dtype=kind)
        if x.initialState is not None:
            S = x.initialState.view(b, g, d // g, n)
        parts = []
        for start in range(0, t, block):
            tokens = slice(start, min(t, start + block))
            # (q b g d/g): time first, so that a token's states lie together
            u = x.u[:, tokens].to(kind).reshape(b, -1, g, d // g).transpose(0, 1)
            delta = x.delta[:, tokens].reshape(b, -1, g, d // g).transpose(0, 1)
            if x.deltaBias is not None:
                delta = delta + x.deltaBias.view(g, d // g)
            if problem.settings.softplus:
                delta = F.softplus(delta)
            # 1. discretise: a = exp(delta A), x = delta B u
            decays = (delta.unsqueeze(-1) * A).exp_()
            if x.documents is not None:
                # the id before the first is 0: an initial state belongs to a document of that id
                kept = x.documents == F.pad(x.documents[:, :-1], (1, 0))
                decays *= kept[:, tokens].to(kind).transpose(0, 1).view(-1, b, 1, 1, 1)
            states = (delta * u).unsqueeze(-1) * by_channel(x.B, tokens, constant_b)
            # 2. s_t = a_t s_(t-1) + x_t
            if states.requires_grad:
                # a graph that is differentiated writes nothing in place
                passed = []
                for a, s in zip(decays.unbind(0), states.unbind(0)):
                    S = torch.addcmul(s, a, S)
                    passed.append(S)
                states = torch.stack(passed)
            else:
                for a, s in zip(decays.unbind(0), states.unbind(0)):
                    S = torch.addcmul(s, a, S, out=s)
            # 3. y_t = s_t . C_t
            if constant_c:
                y = (states * by_channel(x.C, tokens, True)).sum(-1)
            else:
                C = x.C[:, tokens].to(kind).transpose(0, 1).unsqueeze(-1)  # (q b g n 1)
                y = (states @ C).squeeze(-1)
            parts.append(y.reshape(-1, b, d))
            S = S.clone()
        Y = torch.cat(parts).transpose(0, 1).reshape(b, t, dims.heads, dims.headDim)
        if x.D is not None:
            Y = Y + x.D * x.u
        if x.z is not None:
            Y = Y * F.silu(x.z.to(kind))
        return {"Y": Y.to(problem.dtype), "finalState": S.view(b, dims.heads, dims.headDim, n)}

    return run
