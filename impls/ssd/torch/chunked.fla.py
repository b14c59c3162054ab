"""flash-linear-attention's simple gated linear attention: q = C, k = B, v = dt X, one log decay a token and head.

Its kernels want a q and a k for every head, so B and C are repeated before timing; dt, D and z are torch ops around it.
"""
import inspect

import torch.nn.functional as F
from host_machine import missing


def absent(device, make):
    return missing(device, "flash-linear-attention", "fla.ops.simple_gla")


def prepare(problem):
    from fla.ops.simple_gla import chunk_simple_gla

    dims, x = problem.dims, problem.inputs
    repeats = dims.heads // dims.groups
    q, k = (
        problem.derive(lambda tensor=tensor: tensor.repeat_interleave(repeats, 2).contiguous()) for tensor in (x.C, x.B)
    )
    start = problem.derive(lambda: None if x.initialState is None else x.initialState.transpose(2, 3).contiguous())
    # older versions put heads before tokens unless told
    layout = {"head_first": False} if "head_first" in inspect.signature(chunk_simple_gla).parameters else {}

    def run():
        v = x.X if x.dt is None else (x.X * x.dt.unsqueeze(-1)).to(problem.dtype)
        Y, final = chunk_simple_gla(
            q, k, v, g=x.logA, scale=1.0, initial_state=start, output_final_state=True, **layout
        )
        if x.D is not None:
            Y = Y + x.X * x.D.view(dims.heads, -1)
        if x.z is not None:
            Y = Y * F.silu(x.z.float())
        return {"Y": Y.to(problem.dtype), "finalState": final.transpose(2, 3)}

    return run
