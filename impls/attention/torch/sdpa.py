"""torch's scaled_dot_product_attention with one backend allowed and all others forbidden, from torch 1.13 on."""
import contextlib
import inspect
import math

import torch
import torch.nn.functional as F

class Unsupported(Exception):
    """This problem is not for this backend, as torch itself says when all others are forbidden."""


FIRST = {"math": "1.13", "flash": "2.0", "efficient": "2.0", "cudnn": "2.5"}


def absent(backend, device):
    """A sentence when this torch has no such backend for this device."""
    on_gpu = device.type == "cuda"
    if backend == "math":
        found = hasattr(F, "scaled_dot_product_attention") or hasattr(F, "_scaled_dot_product_attention")
        return None if found else f"torch {torch.__version__} has no scaled_dot_product_attention"
    if not hasattr(F, "scaled_dot_product_attention"):
        return f"the {backend} backend needs torch {FIRST[backend]}, this is {torch.__version__}"
    if backend != "flash" and not on_gpu:
        return f"the {backend} backend needs a CUDA device"
    if backend == "flash" and not on_gpu and not hasattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu"):
        return f"torch {torch.__version__} has no flash backend on the CPU"
    if backend == "cudnn" and (_enum(backend) is None or not torch.backends.cudnn.is_available()):
        return f"torch {torch.__version__} has no cudnn backend here"
    return None


def _enum(backend):
    """The member of SDPBackend (torch 2.3 and later), or None."""
    try:
        from torch.nn.attention import SDPBackend
    except ImportError:
        return None
    names = {"math": "MATH", "flash": "FLASH_ATTENTION", "efficient": "EFFICIENT_ATTENTION", "cudnn": "CUDNN_ATTENTION"}
    return getattr(SDPBackend, names[backend], None)


def only(backend):
    """A context in which every other backend is forbidden: torch raises where this one cannot take the inputs."""
    member = _enum(backend)
    if member is not None:
        from torch.nn.attention import sdpa_kernel

        return sdpa_kernel([member])
    if hasattr(F, "scaled_dot_product_attention"):
        return torch.backends.cuda.sdp_kernel(
            enable_flash=backend == "flash", enable_math=backend == "math", enable_mem_efficient=backend == "efficient"
        )
    return contextlib.nullcontext()


def attention_of(problem, backend):
    """The backend's own call, (b h t d) in and out, with this problem's scale; and the names of what else it takes."""
    scale, causal = problem.constants.scale, problem.settings.causal
    usual = 1 / math.sqrt(problem.dims.headDim)
    attend = getattr(F, "scaled_dot_product_attention", None)
    takes = parameters(attend) if attend else set()
    if attend is None:
        # torch 1.13, where it is private and returns the weights as well
        def attend(q, k, v, is_causal):
            return F._scaled_dot_product_attention(q, k, v, None, 0.0, False, is_causal)[0]

    extra = {"is_causal": bool(causal)}
    if "scale" in takes:
        extra["scale"] = scale
    # before torch 2.1 the scale is always the usual one
    factor = 1.0 if "scale" in takes or scale == usual else scale / usual
    half = problem.dtype != torch.float32
    # the math backend stores its logits, and a logit of some hundreds has no digit after its point in a half type; torch 2.5 and
    # later computes them in f32 too
    wide = half and backend == "math"
    # a product with queries in a half type would round them, and their gradient once more
    if half and not wide and factor != 1.0:
        raise Unsupported(f"torch {torch.__version__} takes no scale but 1/sqrt(headDim)")

    def call(q, k, v, **more):
        if wide:
            q, k, v = q.float(), k.float(), v.float()
        with only(backend):
            return attend(q if factor == 1.0 else q * factor, k, v, **extra, **more)

    return call, takes


def prepare(problem, backend):
    repeats = problem.dims.heads // problem.dims.groups
    attend, takes = attention_of(problem, backend)
    # (b t h d) -> (b h t d), a view
    Q, K, V = (tensor.transpose(1, 2) for tensor in (problem.inputs.Q, problem.inputs.K, problem.inputs.V))

    def program(keys, values, **more):
        return lambda: {"Y": attend(Q, keys, values, **more).transpose(1, 2).to(problem.dtype)}

    def tried(run):
        try:
            run()
        except RuntimeError as error:
            if "No available kernel" in str(error):
                raise Unsupported(f"torch {torch.__version__} has no {backend} kernel for this problem") from error
            raise
        return run

    if repeats == 1:
        return tried(program(K, V))
    if "enable_gqa" in takes:
        grouped = program(K, V, enable_gqa=True)
        try:
            # which backends take grouped heads differs by version and device, and only they know
            grouped()
            return grouped
        except RuntimeError:
            pass
    keys, values = (problem.derive(lambda tensor=tensor: tensor.repeat_interleave(repeats, 1)) for tensor in (K, V))
    return tried(program(keys, values))


def parameters(function):
    """Names of a function's parameters; builtins say theirs in the first line of their documentation."""
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        text = (function.__doc__ or "").split(") ->")[0]
        return {name for name in ("scale", "enable_gqa") if name in text}
