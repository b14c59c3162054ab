"""The official block, mamba_ssm's module Mamba2, on the problem's own weights.

make=mamba-ssm is the module as it reads a prompt (its forward with a cache, which gives both states). make=mamba-ssm-fused is what its
forward calls in training, mamba_split_conv1d_scan_combined, asked for its final state: one function from the projected rows to the output,
which needs the package causal_conv1d. A layer's norm is mamba_ssm's own Triton kernel, too.
"""
import types

import torch
import torch.nn.functional as F
from host_machine import missing


class Unsupported(Exception):
    pass


def absent(device, make):
    reason = missing(device, "mamba_ssm", "mamba_ssm.modules.mamba2")
    if reason is not None:
        return reason
    if make == "mamba-ssm-fused" and convolution() is None:
        return "mamba_ssm's fused function needs the Python package causal_conv1d"
    return None


def convolution():
    from mamba_ssm.ops.triton import ssd_combined

    return ssd_combined.causal_conv1d_fwd_function


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    if convolution() is not None and dims.projected % 8:
        raise Unsupported(f"causal_conv1d needs rows of a multiple of 8 numbers, got {dims.projected}")
    block = fused(problem) if problem.options.make.startswith("mamba-ssm-fused") else prompted(problem)
    norm = None
    if x.preNorm is not None:
        from mamba_ssm.ops.triton.layer_norm import rms_norm_fn as norm

    def run():
        v = x.u if norm is None else norm(x.u, x.preNorm, None, eps=problem.settings.eps)
        Y, state, conv = block(v)
        return {"Y": Y if norm is None else Y + x.u, "finalState": state, "finalConv": conv}

    return run


def stored(problem, tensor):
    """A vector of parameters in the type that torch's own products and convolutions want it in."""
    return problem.derive(lambda: None if tensor is None else tensor.to(problem.dtype))


def prompted(problem):
    """The module with the problem's tensors in place of its parameters."""
    from mamba_ssm.modules.mamba2 import Mamba2

    dims, x, settings = problem.dims, problem.inputs, problem.settings
    per_channel = x.D.dim() == 2
    module = Mamba2(
        dims.modelDim,
        d_state=dims.state,
        d_conv=dims.width,
        expand=dims.inner // dims.modelDim,
        headdim=dims.headDim,
        d_ssm=dims.heads * dims.headDim,
        ngroups=dims.groups,
        D_has_hdim=per_channel,
        rmsnorm=x.normWeight is not None,
        norm_before_gate=bool(settings.normBeforeGate),
        dt_limit=(settings.dtMin, settings.dtMax or float("inf")),
        bias=x.inBias is not None,
        conv_bias=x.convBias is not None,
        chunk_size=problem.options.chunk,
        layer_idx=0,
        device="meta",
        dtype=problem.dtype,
    )

    def put(owner, name, tensor):
        setattr(owner, name, None if tensor is None else torch.nn.Parameter(tensor, requires_grad=False))

    put(module.in_proj, "weight", x.inProj)
    put(module.in_proj, "bias", stored(problem, x.inBias))
    put(module.out_proj, "weight", x.outProj)
    put(module.out_proj, "bias", stored(problem, x.outBias))
    # causal_conv1d takes them in f32, torch's own convolution in the type of its inputs
    own = (lambda tensor: stored(problem, tensor)) if convolution() is None else lambda tensor: tensor
    put(module.conv1d, "weight", own(x.convWeight).unsqueeze(1))
    put(module.conv1d, "bias", own(x.convBias))
    put(module, "dt_bias", x.dtBias)
    put(module, "A_log", x.ALog)
    put(module, "D", x.D.reshape(-1))
    if x.normWeight is not None:
        put(module.norm, "weight", x.normWeight.reshape(-1))
        module.norm.eps = settings.eps
    # what its own allocate_inference_cache makes, the state in f32
    device = problem.device
    conv = torch.zeros(dims.batch, dims.width, dims.channels, device=device, dtype=problem.dtype).transpose(1, 2)
    state = torch.zeros(dims.batch, dims.heads, dims.headDim, dims.state, device=device)
    cache = types.SimpleNamespace(seqlen_offset=0, key_value_memory_dict={0: (conv, state)})

    def block(v):
        Y = module(v, inference_params=cache)
        return Y, state, conv[..., 1:].to(torch.float32)

    return block


def fused(problem):
    """The call that Mamba2.forward makes without a cache, which gives the final state when it is asked."""
    from mamba_ssm.ops.triton.ssd_combined import mamba_split_conv1d_scan_combined

    dims, x, settings = problem.dims, problem.inputs, problem.settings
    in_bias, out_bias = stored(problem, x.inBias), stored(problem, x.outBias)
    per_channel = x.D.dim() == 2
    limits = {"dt_limit": (settings.dtMin, settings.dtMax or float("inf"))}
    first = dims.projected - dims.heads - dims.channels

    def block(v):
        rows = F.linear(v, x.inProj, in_bias)
        Y, state = mamba_split_conv1d_scan_combined(
            rows,
            x.convWeight,
            x.convBias,
            x.dtBias,
            -torch.exp(x.ALog),
            D=x.D,
            chunk_size=problem.options.chunk,
            return_final_states=True,
            activation="silu",
            rmsnorm_weight=None if x.normWeight is None else x.normWeight.reshape(-1),
            rmsnorm_eps=settings.eps,
            outproj_weight=x.outProj,
            outproj_bias=out_bias,
            headdim=None if per_channel else dims.headDim,
            ngroups=dims.groups,
            norm_before_gate=bool(settings.normBeforeGate),
            **(limits if settings.dtMin or settings.dtMax else {}),
        )
        last = rows[:, -dims.past :, first : first + dims.channels].transpose(1, 2)
        last = F.pad(last, (dims.past - last.shape[-1], 0))
        return Y, state, last.to(torch.float32)

    return block
