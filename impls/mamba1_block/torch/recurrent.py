"""A Mamba-1 block in torch's plain operations (arXiv 2312.00752, section 3.4 and figure 3), around our own loop over its tokens."""
import compose
import torch

scan = compose.program_of(__file__, "selective_scan", "recurrent")
MAP = ("u", "delta", "A", "B", "C", "D", "z", "deltaBias", "initialState", "documents")


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    b, t, d, n = dims.batch, dims.length, dims.inner, dims.state
    shape = {"batch": b, "length": t, "heads": 1, "groups": 1, "headDim": d, "state": n}
    of_token = torch.empty(b, t, 1, n, device="meta")
    the_map = compose.Stage(problem, scan, MAP, shape, {"softplus": True}, like={"B": of_token, "C": of_token})

    def run():
        # 0. norm; 1. project
        rows, z = compose.linear(problem, compose.front(problem), x.inProj, x.inBias).chunk(2, -1)
        # 2. convolve
        rows, final_conv = compose.convolve(problem, rows)
        rows = compose.silu(rows)
        # 3. select
        chosen = problem.ranks.shared(compose.total_of(problem, rows, x.xProj))
        steps, B, C = chosen.split([dims.rank, n, n], -1)
        # 4. map, with the gate
        mapped = the_map(
            u=rows.view(b, t, 1, d),
            delta=compose.linear(problem, steps, x.dtProj).to(torch.float32).view(b, t, 1, d),
            A=-x.ALog.exp().view(1, d, n),
            B=B.reshape(b, t, 1, n),
            C=C.reshape(b, t, 1, n),
            D=x.D.view(1, d),
            z=z.reshape(b, t, 1, d),
            deltaBias=x.dtBias.view(1, d),
            initialState=x.initialState,
        )
        # 6. project
        Y = compose.finish(problem, mapped["Y"].view(b, t, d))
        return {"Y": Y, "finalState": mapped["finalState"].view(b, d, n), "finalConv": final_conv}

    return run
