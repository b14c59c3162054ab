"""The official Triton kernels of Mamba-2 through their public function, mamba_ssm's mamba_chunk_scan_combined.

It takes decays as dt A with one A a head. A problem without dt gets the dt that its logA stands for, and X divided by it before
timing: the kernels multiply it in again. Not written down by us, so nothing here says how they compute.
"""
import importlib

import torch


def absent(device, make):
    if device.type != "cuda":
        return "mamba_ssm needs a CUDA device"
    try:
        importlib.import_module("mamba_ssm.ops.triton.ssd_combined")
    except Exception as error:
        return f"the Python package mamba_ssm cannot be imported: {type(error).__name__}: {error}".splitlines()[0]
    return None


def prepare(problem):
    from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined

    x = problem.inputs
    A = torch.tensor(problem.constants.rates, dtype=torch.float32, device=problem.device)
    # dt before X, which is made of it
    dt = problem.derive(lambda: x.logA / A if x.dt is None else x.dt)
    X = problem.derive(lambda: (x.X / dt.unsqueeze(-1)).to(problem.dtype) if x.dt is None else x.X)

    def run():
        Y, final = mamba_chunk_scan_combined(
            X,
            dt,
            A,
            x.B,
            x.C,
            problem.options.chunk,
            D=x.D,
            z=x.z,
            initial_states=x.initialState,
            return_final_states=True,
        )
        return {"Y": Y, "finalState": final}

    return run
