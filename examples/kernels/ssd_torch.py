"""The chunked form of state space duality in PyTorch (arXiv 2405.21060, section 6 and listing 1).

What it computes, token by token: S_t = exp(logA_t) S_(t-1) + dt_t x_t B_t^T, Y_t = S_t C_t.
Axes: X (b t h p), logA and dt (b t h), B and C (b t g n), Y (b t h p), finalState (b h p n).

dualbench {
  "operator": "ssd",
  "form": "chunked",
  "source": "arXiv 2405.21060, listing 1",
  "rounding": { "terms": "chunk" },
  "nonFinite": ["chunk"],
  "options": [{ "chunk": 64 }],
  "unsupported": ["D", "z", "initialState"]
}
"""
import torch
import torch.nn.functional as F


def prepare(inputs, outputs, dims, options):
    X, logA, B, C, dt = inputs["X"], inputs["logA"], inputs["B"], inputs["C"], inputs.get("dt")
    b, t, h, g = dims.batch, dims.length, dims.heads, dims.groups
    p, n, q = dims.headDim, dims.state, min(options.chunk, dims.length)
    chunks = -(-t // q)

    def cut(tensor):
        """(b t ...) -> (b chunks q ...); zeros at the end change nothing."""
        padded = F.pad(tensor, (0, 0) * (tensor.dim() - 2) + (0, chunks * q - t))
        return padded.reshape(b, chunks, q, *tensor.shape[2:])

    def segments(log_decay):
        """exp of the sum over (s, t], 0 above the diagonal: (..., q) -> (..., q, q)"""
        size = log_decay.shape[-1]
        steps = log_decay.unsqueeze(-1).expand(*log_decay.shape, size).tril(-1)
        hidden = torch.full((size, size), float("-inf"), device=X.device).triu_(1)
        return (steps.cumsum(-2) + hidden).exp()

    def run():
        x = X if dt is None else X * dt.unsqueeze(-1)
        x, log_decay = cut(x), cut(logA).permute(0, 3, 1, 2)  # (b c q h p), (b h c q)
        # head h reads the group of B and C that it belongs to
        Bh, Ch = (cut(one).repeat_interleave(h // g, 3) for one in (B, C))  # (b c q h n)

        # 1. diagonal blocks: (L o C B^T) x
        L = segments(log_decay)
        Y = torch.einsum("bclhn,bcshn,bhcls,bcshp->bclhp", Ch, Bh, L, x)

        # 2. chunk states
        to_end = L[..., -1, :]
        states = torch.einsum("bcshn,bhcs,bcshp->bchpn", Bh, to_end, x)

        # 3. from chunk to chunk: S <- exp(sum of logA) S + what the chunk added
        total = log_decay.sum(-1).exp()
        state, entering = torch.zeros_like(states[:, 0]), []
        for c in range(chunks):
            entering.append(state)
            state = total[:, :, c, None, None] * state + states[:, c]

        # 4. state to output
        from_start = log_decay.cumsum(-1).exp()
        Y = Y + torch.einsum("bclhn,bchpn,bhcl->bclhp", Ch, torch.stack(entering, 1), from_start)
        outputs["Y"].copy_(Y.reshape(b, chunks * q, h, p)[:, :t])
        outputs["finalState"].copy_(state)

    return run
