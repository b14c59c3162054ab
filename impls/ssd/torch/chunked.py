"""The chunked form in torch ops (arXiv 2405.21060, section 6 and listing 1): our own writing of the paper's minimal algorithm.

Letters: b batch, m chunks, q places in a chunk, g groups, k heads of a group, p, n. All heads of a group stand side by side in the
columns of one product, so that B and C are multiplied once for all of them.
"""
import torch
import torch.nn.functional as F

# Chunk states that one product passes on. A CPU walks from chunk to chunk; a GPU would wait for a launch at every step
PASSED_AT_ONCE = 32


class Segments:
    """exp of the sum over each segment (s, t] of a chunk, 0 above the diagonal: (..., q) -> (..., q, q).

    Sums of the segment itself, never differences of running sums: those cancel (listing 1, segsum of the stable version).
    """

    def __init__(self, q, device):
        self.q = q
        self.hidden = torch.full((q, q), float("-inf"), device=device).triu_(1)

    def __call__(self, log_decay):
        steps = log_decay.unsqueeze(-1).expand(*log_decay.shape, self.q)
        # tril copies, and leaves 0 (not 0 times an infinite log decay) where a step lies before its segment
        return steps.tril(-1).cumsum(-2).add_(self.hidden).exp_()


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, h, g = dims.batch, dims.length, dims.heads, dims.groups
    p, n, q = dims.headDim, dims.state, min(problem.options.chunk, dims.length)
    m, k = -(-t // q), dims.heads // dims.groups
    padding = m * q - t
    on_gpu = problem.device.type == "cuda"
    # a CPU has no fast product of half types; on a GPU the large products stay in them
    kind = problem.dtype if on_gpu else torch.float32
    segments = Segments(q, problem.device)
    pass_on = problem.ranks.pass_on(AtOnce(m, problem.device) if on_gpu else one_by_one)

    def chunks(tensor):
        """(b t ...) -> (b m q ...); the padding is zeros, which as log decays and as inputs change nothing."""
        if padding:
            tensor = F.pad(tensor, (0, 0) * (tensor.dim() - 2) + (0, padding))
        return tensor.reshape(b, m, q, *tensor.shape[2:])

    def steps():
        """Log decays and time steps, (b t h): -Infinity where a document begins, which every sum below hands on as a decay of 0."""
        log_decay, dt, s = x.logA, x.dt, problem.settings
        if dt is not None:
            if x.dtBias is not None:
                dt = dt + x.dtBias
            if s.softplus:
                dt = F.softplus(dt)
            if s.dtMin > 0 or s.dtMax > 0:
                dt = dt.clamp(s.dtMin, s.dtMax or float("inf"))
        if log_decay.dim() == 1:
            log_decay = dt * log_decay
        if x.documents is not None:
            # the id before the first is 0: an initial state belongs to a document of that id
            anew = x.documents != F.pad(x.documents[:, :-1], (1, 0))
            log_decay = log_decay.masked_fill(anew.unsqueeze(-1), float("-inf"))
        return log_decay, dt

    def run():
        log_decay, dt = steps()
        log_decay = chunks(log_decay).transpose(2, 3).contiguous()  # (b m h q), f32
        X = x.X.to(kind)
        if dt is not None:
            X = (X * dt.unsqueeze(-1)).to(kind)
        X, B, C = chunks(X), chunks(x.B).to(kind), chunks(x.C).to(kind)
        B, C = B.transpose(2, 3), C.transpose(2, 3)  # (b m g q n)

        # 1. diagonal blocks: (L o C B^T) X
        L = segments(log_decay)  # (b m h q q)
        # the last row of L is the decay of each place to the chunk's end
        to_end = L[..., -1, :].transpose(2, 3).unsqueeze(-1).clone()  # (b m q h 1); L is overwritten below
        scores = (C @ B.transpose(-1, -2)).unsqueeze(3)
        masked = L.view(b, m, g, k, q, q)
        # a graph that is differentiated needs L again
        masked = masked * scores if masked.requires_grad else masked.mul_(scores)
        weights = masked.to(kind).view(b, m, h, q, q)
        Y = (weights @ X.transpose(2, 3)).transpose(2, 3)  # (b m q h p)

        # 2. chunk states
        added = (X * to_end).to(kind).view(b, m, q, g, k * p).transpose(2, 3)
        states = (B.transpose(-1, -2) @ added).to(torch.float32).view(b, m, g, n, k, p)

        # 3. pass states from chunk to chunk
        carry = torch.zeros(b, g, n, k, p, device=problem.device)
        if x.initialState is not None:
            carry = x.initialState.view(b, g, k, p, n).permute(0, 1, 4, 2, 3)
        entering, final = pass_on(states, log_decay.sum(-1).view(b, m, g, k), carry)

        # 4. state to output
        from_start = log_decay.cumsum(-1).exp_().transpose(2, 3).unsqueeze(-1)  # (b m q h 1)
        carried = (C @ entering.to(kind).view(b, m, g, n, k * p)).transpose(2, 3).reshape(b, m, q, h, p)
        Y = torch.addcmul(Y.to(torch.float32), carried.to(torch.float32), from_start)
        Y = Y.reshape(b, m * q, h, p)[:, :t]
        if x.D is not None:
            Y = Y + x.X * x.D.view(h, -1)
        if x.z is not None:
            Y = Y * F.silu(x.z.to(torch.float32))
        final = final.permute(0, 1, 3, 4, 2).reshape(b, h, p, n)
        return {"Y": Y.to(problem.dtype), "finalState": final}

    return run


def one_by_one(states, total, carry):
    """
    The recurrence over chunks, on states that it replaces by those that enter each chunk.
    @param states (b m g n k p) @param total (b m g k) log decay of each chunk @param carry (b g n k p)
    """
    decay = total.exp()[:, :, :, None, :, None]
    for chunk in range(states.shape[1]):
        after = torch.addcmul(states[:, chunk], carry, decay[:, chunk])
        states[:, chunk] = carry
        carry = after
    return states, carry


class AtOnce:
    """The same as a product with the chunks' own 1-semiseparable mask, block after block."""

    def __init__(self, m, device):
        self.masks = {size: Segments(size + 1, device) for size in {min(m, PASSED_AT_ONCE), m % PASSED_AT_ONCE or PASSED_AT_ONCE}}

    def __call__(self, states, total, carry):
        entering = torch.empty_like(states)
        for start in range(0, states.shape[1], PASSED_AT_ONCE):
            part = states[:, start : start + PASSED_AT_ONCE]
            size = part.shape[1]
            sources = torch.cat([carry.unsqueeze(1), part], 1)
            log_decay = F.pad(total[:, start : start + size], (0, 0, 0, 0, 1, 0)).permute(0, 2, 3, 1)  # (b g k size+1)
            passed = torch.einsum("bgkts,bsgnkp->btgnkp", self.masks[size](log_decay), sources)
            entering[:, start : start + size] = passed[:, :-1]
            carry = passed[:, -1]
        return entering, carry
