"""The chunked form in torch ops (arXiv 2412.06464, section 3.3; arXiv 2510.26692, section 3): our own writing of the papers.

Letters: b batch, m chunks, q places in a chunk, h heads, p, n. Products of pairs are made for all chunks at once, then one triangular
system a chunk gives what each of its tokens adds for its value (U) and takes away for the state in front of the chunk (W).
"""
import torch
import torch.nn.functional as F


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, h, g = dims.batch, dims.length, dims.heads, dims.groups
    p, n, q = dims.headDim, dims.state, min(problem.options.chunk, dims.length)
    m = -(-t // q)
    factor = problem.constants.scale
    by_channel = x.logA.dim() == 4
    earlier = torch.full((q, q), float("-inf"), device=problem.device).triu_(1)
    own = torch.eye(q, device=problem.device)

    def chunks(tensor):
        """(b t h ...) -> (b m h q ...); the padding is zeros: no decay, no step, no key."""
        tensor = F.pad(tensor, (0, 0) * (tensor.dim() - 2) + (0, m * q - t))
        return tensor.reshape(b, m, q, *tensor.shape[2:]).transpose(2, 3)

    def grouped(tensor):
        return chunks(tensor.repeat_interleave(h // g, 2))

    def run():
        Q, K, V, beta = grouped(x.Q) * factor, grouped(x.K), chunks(x.V), chunks(x.beta).unsqueeze(-1)
        log = chunks(x.logA) if by_channel else chunks(x.logA).unsqueeze(-1)  # (b m h q n), or 1 for n
        # 1. decays over the segments (s, t] of each chunk: sums of the segment itself, never differences of running sums
        steps = log.unsqueeze(-2).expand(*log.shape[:-1], q, log.shape[-1]).transpose(-1, -3)  # (... n, s, t)
        steps = steps.transpose(-1, -2).tril(-1).cumsum(-2)  # (... n, t, s)
        L = (steps + earlier).exp()
        if by_channel:
            keys = torch.einsum("...tn,...nts,...sn->...ts", K, L, K)
            queries = torch.einsum("...tn,...nts,...sn->...ts", Q, L, K)
        else:
            keys, queries = (rows @ K.transpose(-1, -2) * L.squeeze(-3) for rows in (K, Q))
        from_start = log.cumsum(-2).exp()  # (b m h q n)
        to_end = L[..., -1, :].transpose(-1, -2)

        # 2. (I + tril(beta keys, -1)) [U, W] = beta [V, K from the start]
        system = own + (beta * keys).tril(-1)
        right = torch.cat([beta * V, beta * from_start * K], -1)
        U, W = torch.linalg.solve_triangular(system, right, upper=False, unitriangular=True).split([p, n], -1)

        # 3. chunk after chunk
        S = torch.zeros(b, h, n, p, device=problem.device)
        if x.initialState is not None:
            S = x.initialState.transpose(-1, -2)
        read, weights, added = Q * from_start, queries.tril(), (K * to_end).transpose(-1, -2)
        over = from_start[..., -1, :].unsqueeze(-1)
        parts = []
        for c in range(m):
            u = U[:, c] - W[:, c] @ S
            parts.append(read[:, c] @ S + weights[:, c] @ u)
            S = over[:, c] * S + added[:, c] @ u
        Y = torch.stack(parts, 1).transpose(2, 3).reshape(b, m * q, h, p)[:, :t]
        return {"Y": Y, "finalState": S.transpose(-1, -2)}

    return run
