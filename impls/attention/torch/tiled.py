"""FlashAttention's form through torch's own kernels, or through the flash_attn package of its authors."""
import sdpa
import torch
from host_machine import missing


def absent(device, make):
    if make != "flash-attn":
        return sdpa.absent(make, device)
    return missing(device, "flash_attn", "flash_attn")


def prepare(problem):
    make = problem.options.make.removesuffix("-graph")
    return flash_attn(problem) if make == "flash-attn" else sdpa.prepare(problem, make)


def flash_attn(problem):
    """Layout (b t h d) as ours; grouped heads are taken as they are."""
    from flash_attn import flash_attn_func, flash_attn_varlen_func

    x, causal, scale = problem.inputs, problem.settings.causal, problem.constants.scale
    # keys to the left and to the right; -1 stands for all
    away = problem.settings.window - 1
    common = {"softmax_scale": scale, "causal": causal}
    if away >= 0:
        common["window_size"] = (away, 0 if causal else away)

    def run():
        return {"Y": flash_attn_func(x.Q, x.K, x.V, **common)}

    if x.documents is None:
        return run
    borders = problem.derive(lambda: cu_seqlens(x.documents))
    longest = int((borders[1:] - borders[:-1]).max())

    def packed():
        Q, K, V = (tensor.flatten(0, 1) for tensor in (x.Q, x.K, x.V))
        Y = flash_attn_varlen_func(Q, K, V, borders, borders, longest, longest, **common)
        return {"Y": Y.unflatten(0, x.Q.shape[:2])}

    return packed


def cu_seqlens(documents):
    """Where each document of each row begins, and the end of all: rows stand behind one another."""
    begins = torch.ones_like(documents, dtype=torch.bool)
    begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
    places = begins.flatten().nonzero().flatten()
    return torch.cat([places, places.new_tensor([documents.numel()])]).to(torch.int32)
