"""FlashAttention's form through torch's own kernels, or through the flash_attn package of its authors."""
import importlib

import sdpa


def absent(device, make):
    if make != "flash-attn":
        return sdpa.absent(make, device)
    if device.type != "cuda":
        return "flash_attn needs a CUDA device"
    try:
        importlib.import_module("flash_attn")
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else ''
        return f"the Python package flash_attn cannot be imported: {type(error).__name__}: {why}"
    return None


def prepare(problem):
    make = problem.options.make.removesuffix("-graph")
    return flash_attn(problem) if make == "flash-attn" else sdpa.prepare(problem, make)


def flash_attn(problem):
    """Layout (b t h d) as ours; grouped heads are taken as they are."""
    from flash_attn import flash_attn_func

    x, causal, scale = problem.inputs, problem.settings.causal, problem.constants.scale

    def run():
        return {"Y": flash_attn_func(x.Q, x.K, x.V, softmax_scale=scale, causal=causal)}

    return run
