"""The official block, mamba_ssm's module Mamba, on the problem's own weights, as it reads a prompt: a cache is what gives both states."""
import types

import torch
from host_machine import missing


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.modules.mamba_simple", "selective_scan_cuda")


def prepare(problem):
    from mamba_ssm.modules.mamba_simple import Mamba

    dims, x, kind, device = problem.dims, problem.inputs, problem.dtype, problem.device
    module = Mamba(
        dims.modelDim,
        d_state=dims.state,
        d_conv=dims.width,
        expand=dims.inner // dims.modelDim,
        dt_rank=dims.rank,
        bias=x.inBias is not None,
        conv_bias=x.convBias is not None,
        layer_idx=0,
        device="meta",
        dtype=kind,
    )

    def put(owner, name, tensor):
        setattr(owner, name, None if tensor is None else torch.nn.Parameter(tensor, requires_grad=False))

    def stored(tensor):
        return problem.derive(lambda: None if tensor is None else tensor.to(kind))

    put(module.in_proj, "weight", x.inProj)
    put(module.in_proj, "bias", stored(x.inBias))
    put(module.out_proj, "weight", x.outProj)
    put(module.out_proj, "bias", stored(x.outBias))
    put(module.conv1d, "weight", stored(x.convWeight).unsqueeze(1))
    put(module.conv1d, "bias", stored(x.convBias))
    put(module.x_proj, "weight", x.xProj)
    put(module.dt_proj, "weight", x.dtProj)
    put(module.dt_proj, "bias", x.dtBias)
    put(module, "A_log", x.ALog)
    put(module, "D", x.D)
    # what its own allocate_inference_cache makes, the state in f32
    conv = torch.zeros(dims.batch, dims.inner, dims.width, device=device, dtype=kind)
    state = torch.zeros(dims.batch, dims.inner, dims.state, device=device)
    cache = types.SimpleNamespace(seqlen_offset=0, key_value_memory_dict={0: (conv, state)})
    norm = None
    if x.preNorm is not None:
        from mamba_ssm.ops.triton.layer_norm import rms_norm_fn as norm

    def run():
        v = x.u if norm is None else norm(x.u, x.preNorm, None, eps=problem.settings.eps)
        Y = module(v, inference_params=cache)
        return {
            "Y": Y if norm is None else Y + x.u,
            "finalState": state,
            "finalConv": conv[..., 1:].to(torch.float32),
        }

    return run
