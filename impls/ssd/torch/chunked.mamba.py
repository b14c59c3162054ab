"""The official Triton kernels of Mamba-2 through their public function, mamba_ssm's mamba_chunk_scan_combined.

It takes decays as dt A with one A a head. A problem without dt gets the dt that its logA stands for, and X divided by it before
timing: the kernels multiply it in again. Documents go in as numbers of runs: the kernels compare ids, and 0 1 0 are three documents.
Not written down by us, so nothing here says how they compute.
"""
import torch
from host_machine import missing


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.ops.triton.ssd_combined")


def prepare(problem):
    from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined

    x = problem.inputs
    dims, settings = problem.dims, problem.settings
    per_head = x.logA.dim() == 1
    A = x.logA if per_head else torch.tensor(problem.constants.rates, dtype=torch.float32, device=problem.device)
    # dt before X, which is made of it
    dt = problem.derive(lambda: x.logA / A if x.dt is None else x.dt)
    X = problem.derive(lambda: (x.X / dt.unsqueeze(-1)).to(problem.dtype) if x.dt is None else x.X)

    seq_idx = problem.derive(lambda: None if x.documents is None else numbered(x.documents))
    wanted = getattr(dims, "documents", 0)
    cu_seqlens = problem.derive(lambda: borders(seq_idx[0]) if wanted else None)
    limit = (settings.dtMin, settings.dtMax or float("inf"))

    def run():
        Y, final, *ends = mamba_chunk_scan_combined(
            X,
            dt,
            A,
            x.B,
            x.C,
            problem.options.chunk,
            D=x.D,
            z=x.z,
            initial_states=x.initialState,
            dt_bias=x.dtBias,
            dt_softplus=bool(settings.softplus),
            dt_limit=limit,
            seq_idx=seq_idx,
            cu_seqlens=cu_seqlens,
            return_final_states=True,
            return_varlen_states=bool(wanted),
        )
        if not wanted:
            return {"Y": Y, "finalState": final}
        # (documents h p n) of the one row, zeros behind them
        states = ends[0].permute(1, 2, 0, 3)
        states = torch.nn.functional.pad(states, (0, 0, 0, wanted - states.shape[2])).unsqueeze(0)
        return {"Y": Y, "finalState": final, "documentStates": states}

    return run


def numbered(documents):
    """Runs of equal ids, counted; from 1 on where the first id is not 0, so that no document of that number gets the initial state."""
    changes = documents[:, 1:] != documents[:, :-1]
    first = (documents[:, :1] != 0).to(torch.int32)
    return torch.cat([first, first + changes.cumsum(1, dtype=torch.int32)], 1).contiguous()


def borders(numbers):
    """cu_seqlens of one row: where each document begins, and the row's end."""
    inner = (numbers[1:] != numbers[:-1]).nonzero().flatten() + 1
    ends = torch.tensor([0, numbers.shape[0]], device=numbers.device)
    return torch.cat([ends[:1], inner, ends[1:]]).to(torch.int32)
