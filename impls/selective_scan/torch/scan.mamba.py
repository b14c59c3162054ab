"""Mamba-1's fused CUDA scan through its public function, mamba_ssm's selective_scan_fn.

It wants time last, as the model that surrounds it has it: inputs are laid out so before timing, and its output is read through its
strides.
"""
from host_machine import missing


def absent(device, make):
    return missing(device, "mamba_ssm", "mamba_ssm.ops.selective_scan_interface", "selective_scan_cuda")


def prepare(problem):
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    dims, x = problem.dims, problem.inputs
    b, t, n, width = dims.batch, dims.length, dims.state, dims.heads * dims.headDim

    def time_last(tensor):
        """(b t h p) -> (b d t)"""
        return problem.derive(
            lambda: None if tensor is None else tensor.reshape(b, t, width).transpose(1, 2).contiguous()
        )

    def of_group(tensor):
        """(b t g n) -> (b g n t), or (h p n) -> (d n) when constant"""
        return problem.derive(
            lambda: tensor.reshape(width, n) if tensor.dim() == 3 else tensor.permute(0, 2, 3, 1).contiguous()
        )

    u, delta, z = time_last(x.u), time_last(x.delta), time_last(x.z)
    A, B, C = x.A.reshape(width, n), of_group(x.B), of_group(x.C)
    D, bias = (None if tensor is None else tensor.reshape(width) for tensor in (x.D, x.deltaBias))

    def run():
        Y, final = selective_scan_fn(
            u, delta, A, B, C, D, z, delta_bias=bias, delta_softplus=problem.settings.softplus, return_last_state=True
        )
        return {
            "Y": Y.transpose(1, 2).unflatten(2, tuple(x.u.shape[2:])),
            "finalState": final.view(b, dims.heads, dims.headDim, n),
        }

    return run
