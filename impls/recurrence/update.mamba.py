"""mamba_ssm's own kernel for a step, selective_state_update: of ssd, and of the selective scan, whose groups it takes for heads.

It writes the new state over the old one, so that each run copies the old one in front: a run must find what the last one found.
In 2.3.2.post1 it raises a TypeError without D and an AttributeError without dt_bias, which its docstring leaves out: both are zeros here.
"""
import torch
from host_machine import missing


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.ops.triton.selective_state_update")


def prepare(problem):
    from mamba_ssm.ops.triton.selective_state_update import selective_state_update

    dims, x = problem.dims, problem.inputs
    b, n = dims.batch, dims.state
    arguments = of_ssd(problem) if hasattr(x, "X") else of_scan(problem)
    state = torch.empty_like(x.initialState)
    h = arguments["x"].shape[1]

    def run():
        state.copy_(x.initialState)
        Y = selective_state_update(
            state.view(b, h, -1, n), B=x.B, C=x.C, dt_softplus=bool(problem.settings.softplus), **arguments
        )
        return {"Y": Y.view(b, dims.heads, dims.headDim), "finalState": state}

    return run


def of_ssd(problem):
    """Strides of 0 tell the kernel that a head's channels share a number."""
    dims, x = problem.dims, problem.inputs
    b, h, p, n = dims.batch, dims.heads, dims.headDim, dims.state
    A = x.logA if x.logA.dim() == 1 else torch.tensor(problem.constants.rates, device=problem.device)

    def spread(tensor):
        return (torch.zeros(h, device=problem.device) if tensor is None else tensor).view(h, -1).expand(h, p)

    return {
        "x": x.X,
        "dt": x.dt.unsqueeze(-1).expand(b, h, p),
        "A": A.view(h, 1, 1).expand(h, p, n),
        "D": spread(x.D),
        "z": x.z,
        "dt_bias": spread(x.dtBias),
    }


def of_scan(problem):
    dims, x = problem.dims, problem.inputs
    b, g, n = dims.batch, dims.groups, dims.state

    def by_group(tensor):
        return (torch.zeros_like(x.A[:, :, 0]) if tensor is None else tensor).view(g, -1)

    return {
        "x": x.u.view(b, g, -1),
        "dt": x.delta.view(b, g, -1),
        "A": x.A.view(g, -1, n),
        "D": by_group(x.D),
        "z": None if x.z is None else x.z.view(b, g, -1),
        "dt_bias": by_group(x.deltaBias),
    }
