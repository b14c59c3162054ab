"""Mamba-1's fused CUDA scan, forward and backward, through its public function and torch's autograd.

It wants time last: inputs are turned within the run, since their gradients are wanted in our layout.
"""
import differentiate
from host_machine import missing

DIFFERENTIATES = True
NAMES = ("u", "delta", "A", "B", "C", "D", "z", "deltaBias")


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.ops.selective_scan_interface", "selective_scan_cuda")


def prepare(problem):
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    dims, x = problem.dims, problem.inputs
    b, t, n, width = dims.batch, dims.length, dims.state, dims.heads * dims.headDim

    def time_last(tensor):
        """(b t h p) -> (b d t)"""
        return None if tensor is None else tensor.reshape(b, t, width).transpose(1, 2).contiguous()

    def of_group(tensor):
        """(b t g n) -> (b g n t), or (h p n) -> (d n) when constant"""
        return tensor.reshape(width, n) if tensor.dim() == 3 else tensor.permute(0, 2, 3, 1).contiguous()

    def of_channel(tensor):
        return None if tensor is None else tensor.reshape(width)

    def forward():
        Y, final = selective_scan_fn(
            time_last(x.u),
            time_last(x.delta),
            x.A.reshape(width, n),
            of_group(x.B),
            of_group(x.C),
            of_channel(x.D),
            time_last(x.z),
            delta_bias=of_channel(x.deltaBias),
            delta_softplus=problem.settings.softplus,
            return_last_state=True,
        )
        Y = Y.transpose(1, 2).unflatten(2, (dims.heads, dims.headDim))
        return {"Y": Y, "finalState": final.view(b, dims.heads, dims.headDim, n)}

    return differentiate.gradients(problem, NAMES, forward)
