"""The official Triton kernels of Mamba-2, forward and backward, through their public function and torch's autograd."""
import differentiate
import torch
from host_machine import missing

DIFFERENTIATES = True
NAMES = ("X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias")


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.ops.triton.ssd_combined")


def prepare(problem):
    from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined

    x, settings = problem.inputs, problem.settings
    seq_idx = problem.derive(lambda: None if x.documents is None else numbered(x.documents))

    def forward():
        Y, final = mamba_chunk_scan_combined(
            x.X,
            x.dt,
            x.logA,
            x.B,
            x.C,
            problem.options.chunk,
            D=x.D,
            z=x.z,
            initial_states=x.initialState,
            dt_bias=x.dtBias,
            dt_softplus=bool(settings.softplus),
            dt_limit=(settings.dtMin, settings.dtMax or float("inf")),
            seq_idx=seq_idx,
            return_final_states=True,
        )
        return {"Y": Y, "finalState": final}

    return differentiate.gradients(problem, NAMES, forward)


def numbered(documents):
    """Runs of equal ids, counted; from 1 on where the first id is not 0, so that no document of that number gets the initial state."""
    changes = documents[:, 1:] != documents[:, :-1]
    first = (documents[:, :1] != 0).to(torch.int32)
    return torch.cat([first, first + changes.cumsum(1, dtype=torch.int32)], 1).contiguous()
