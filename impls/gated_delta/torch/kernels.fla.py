"""flash-linear-attention's kernels of the gated delta rule and of KDA: q = Q, k = K, v = V, as many heads of q and k as there are groups.

`make` names the form: chunked kernels multiply on matrix units (TF32 where inputs are f32), the recurrent one does not.
"""
from host_machine import missing


def absent(device, make):
    return missing(device, "flash-linear-attention", "fla.ops.gated_delta_rule", "fla.ops.kda")


def prepare(problem):
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule, fused_recurrent_gated_delta_rule
    from fla.ops.kda import chunk_kda

    x = problem.inputs
    by_channel = x.logA.dim() == 4
    start = problem.derive(lambda: None if x.initialState is None else x.initialState.transpose(2, 3).contiguous())
    shared = {"scale": problem.constants.scale, "output_final_state": True}
    beta = problem.derive(lambda: x.beta.to(problem.dtype))

    def run():
        if problem.constants.recurrent:
            decays = {"gk" if by_channel else "g": x.logA}
            Y, final = fused_recurrent_gated_delta_rule(x.Q, x.K, x.V, beta=beta, initial_state=start, **decays, **shared)
        else:
            kernel = chunk_kda if by_channel else chunk_gated_delta_rule
            Y, final = kernel(x.Q, x.K, x.V, x.logA, beta, initial_state=start, **shared)
        return {"Y": Y.to(problem.dtype), "finalState": final.transpose(2, 3)}

    return run
