"""The chunked form in torch ops (arXiv 2405.21060, section 6 and listing 1): our own writing of the paper's minimal algorithm.

Letters: b batch, m chunks, q places in a chunk, g groups, k heads of a group, p, n. All heads of a group stand side by side in the
columns of one product, so that B and C are multiplied once for all of them.
"""
import torch
import torch.nn.functional as F

# Chunk states that one product passes on. A CPU walks from chunk to chunk; a GPU would wait for a launch at every step
PASSED_AT_ONCE = 32


def segsum_exp(log_decay):
    """(..., q) -> (..., q, q): exp of the sum over the segment (s, t], 0 above the diagonal.

    Sums of the segment itself, never differences of running sums: those cancel (listing 1, segsum of the stable version).
    """
    q = log_decay.shape[-1]
    steps = log_decay.unsqueeze(-1).expand(*log_decay.shape, q)
    after = torch.ones(q, q, dtype=torch.bool, device=log_decay.device).tril(-1)
    sums = steps.masked_fill(~after, 0).cumsum(-2)
    return sums.masked_fill_(~after.logical_or(torch.eye(q, dtype=torch.bool, device=log_decay.device)), float("-inf")).exp_()


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, h, g = dims.batch, dims.length, dims.heads, dims.groups
    p, n, q = dims.headDim, dims.state, min(problem.options.chunk, dims.length)
    m, k = -(-t // q), dims.heads // dims.groups
    padding = m * q - t
    on_gpu = problem.device.type == "cuda"
    # a CPU has no fast product of half types; on a GPU the large products stay in them
    kind = problem.dtype if on_gpu else torch.float32

    def chunks(tensor):
        """(b t ...) -> (b m q ...); the padding is zeros, which as log decays and as inputs change nothing."""
        if padding:
            tensor = F.pad(tensor, (0, 0) * (tensor.dim() - 2) + (0, padding))
        return tensor.reshape(b, m, q, *tensor.shape[2:])

    def run():
        log_decay = chunks(x.logA).permute(0, 1, 3, 2)  # (b m h q), f32
        X = x.X.to(kind)
        if x.dt is not None:
            X = (X * x.dt.unsqueeze(-1)).to(kind)
        X, B, C = chunks(X), chunks(x.B).to(kind), chunks(x.C).to(kind)
        B, C = B.permute(0, 1, 3, 2, 4), C.permute(0, 1, 3, 2, 4)  # (b m g q n)

        # 1. diagonal blocks: (L o C B^T) X
        L = segsum_exp(log_decay)  # (b m h q q)
        scores = C @ B.transpose(-1, -2)
        weights = (L.view(b, m, g, k, q, q) * scores.unsqueeze(3)).to(kind).view(b, m, h, q, q)
        Y = (weights @ X.permute(0, 1, 3, 2, 4)).permute(0, 1, 3, 2, 4)  # (b m q h p)

        # 2. chunk states: the last row of L is the decay of each place to the chunk's end
        to_end = L[..., -1, :].permute(0, 1, 3, 2).unsqueeze(-1)  # (b m q h 1)
        added = (X * to_end).to(kind).view(b, m, q, g, k * p).permute(0, 1, 3, 2, 4)
        states = (B.transpose(-1, -2) @ added).to(torch.float32).view(b, m, g, n, k, p)

        # 3. pass states from chunk to chunk
        carry = torch.zeros(b, g, n, k, p, device=problem.device)
        if x.initialState is not None:
            carry = x.initialState.view(b, g, k, p, n).permute(0, 1, 4, 2, 3)
        total = log_decay.sum(-1).view(b, m, g, k)
        entering, final = (pass_at_once if on_gpu else pass_one_by_one)(states, total, carry)

        # 4. state to output
        from_start = log_decay.cumsum(-1).exp_().permute(0, 1, 3, 2).unsqueeze(-1)  # (b m q h 1)
        carried = (C @ entering.to(kind).reshape(b, m, g, n, k * p)).permute(0, 1, 3, 2, 4)
        Y = Y + carried.reshape(b, m, q, h, p) * from_start
        Y = Y.reshape(b, m * q, h, p)[:, :t]
        if x.D is not None:
            Y = Y + x.X * x.D.view(h, -1)
        if x.z is not None:
            Y = Y * F.silu(x.z.to(torch.float32))
        final = final.permute(0, 1, 3, 4, 2).reshape(b, h, p, n)
        return {"Y": Y.to(problem.dtype), "finalState": final}

    return run


def pass_one_by_one(states, total, carry):
    """@param states (b m g n k p) @param total (b m g k) log decay of each chunk @param carry (b g n k p)"""
    decay = total.exp()[:, :, :, None, :, None]
    entering = torch.empty_like(states)
    for chunk in range(states.shape[1]):
        entering[:, chunk] = carry
        carry = torch.addcmul(states[:, chunk], carry, decay[:, chunk])
    return entering, carry


def pass_at_once(states, total, carry):
    """The recurrence over chunks as a product with their own 1-semiseparable mask, block after block."""
    entering = torch.empty_like(states)
    for start in range(0, states.shape[1], PASSED_AT_ONCE):
        part = states[:, start : start + PASSED_AT_ONCE]
        m = part.shape[1]
        sources = torch.cat([carry.unsqueeze(1), part], 1)
        log_decay = F.pad(total[:, start : start + m], (0, 0, 0, 0, 1, 0)).permute(0, 2, 3, 1)  # (b g k m+1)
        passed = torch.einsum("bgkts,bsgnkp->btgnkp", segsum_exp(log_decay), sources)
        entering[:, start : start + m] = passed[:, :-1]
        carry = passed[:, -1]
    return entering, carry
