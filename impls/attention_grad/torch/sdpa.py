"""Gradients of attention by autograd through torch's scaled_dot_product_attention with one backend allowed, or through flash_attn."""
import differentiate
import torch
from host_machine import missing

DIFFERENTIATES = True
NAMES = ("Q", "K", "V")

sdpa = differentiate.program_of(__file__, "attention", "sdpa")


def absent(device, make):
    if make != "flash-attn":
        return sdpa.absent(make, device)
    return missing(device, "flash_attn", "flash_attn")


def prepare(problem):
    make = problem.options.make
    forward = flash_attn(problem) if make == "flash-attn" else of_torch(problem, make)
    run = differentiate.gradients(problem, NAMES, forward)
    try:
        run()
    except RuntimeError as error:
        # torch says so itself when all other backends are forbidden
        if "No available kernel" in str(error):
            raise sdpa.Unsupported(f"torch {torch.__version__} has no {make} kernel for this problem") from error
        raise
    return run


def flash_attn(problem):
    """Layout (b t h d) as ours; grouped heads are taken as they are."""
    from flash_attn import flash_attn_func

    x, scale, causal = problem.inputs, problem.constants.scale, problem.settings.causal
    return lambda: {"Y": flash_attn_func(x.Q, x.K, x.V, softmax_scale=scale, causal=causal)}


def of_torch(problem, backend):
    """Keys and values of a group repeated in the graph: their gradients are the sums over its heads."""
    x, dims = problem.inputs, problem.dims
    repeats = dims.heads // dims.groups
    attend, _takes = sdpa.attention_of(problem, backend)

    def forward():
        Q, K, V = (tensor.transpose(1, 2) for tensor in (x.Q, x.K, x.V))
        if backend == "math":
            # what it computes in: the gradients of a group's heads are added before they are stored
            Q, K, V = Q.float(), K.float(), V.float()
        if repeats > 1:
            K, V = K.repeat_interleave(repeats, 1), V.repeat_interleave(repeats, 1)
        return {"Y": attend(Q, K, V).transpose(1, 2).to(problem.dtype)}

    return forward
