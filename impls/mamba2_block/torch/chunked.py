"""A Mamba-2 block in torch's plain operations (arXiv 2405.21060, section 7 and figure 6), around our own chunked form of its map."""
import compose
import torch
import torch.nn.functional as F

ssd = compose.program_of(__file__, "ssd", "chunked")
MAP = ("X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias", "documents")


def prepare(problem):
    dims, x, settings, sizes = problem.dims, problem.inputs, problem.settings, problem.constants
    b, t, h, p, n = dims.batch, dims.length, dims.heads, dims.headDim, dims.state
    groups = sizes.mapGroups
    the_map = compose.Stage(
        problem,
        ssd,
        MAP,
        {"batch": b, "length": t, "heads": h, "groups": groups, "headDim": p, "state": n},
        {"softplus": True, "dtMin": settings.dtMin, "dtMax": settings.dtMax},
    )

    feature = feature_map(problem)

    def parts_of(value, size, wanted):
        """(b t parts*size) -> (b t wanted size): those of groups again for each of their heads."""
        value = value.view(b, t, -1, size)
        return value if value.shape[2] == wanted else value.repeat_interleave(wanted // value.shape[2], 2)

    def run():
        # 0. norm; 1. project
        row = compose.linear(problem, compose.front(problem), x.inProj, x.inBias)
        z0, x0, z, rest, dt = row.split([sizes.mlp, sizes.mlp, sizes.z, dims.channels, row.shape[-1] - sizes.own], -1)
        # 2. convolve
        rest, final_conv = compose.convolve(problem, rest, x.documents)
        X = compose.silu(rest[..., : sizes.x])
        # 3. select
        if x.xProj is None:
            B, C = rest[..., sizes.x :].split([sizes.B, sizes.C], -1)
        else:
            B, C, dt = compose.linear(problem, X, x.xProj).split([sizes.B, sizes.C, h], -1)
        B, C = feature(B), feature(C)
        # 4. map
        start = x.initialState
        mapped = the_map(
            X=parts_of(X, p, h),
            B=parts_of(B, n, groups),
            C=parts_of(C, n, groups),
            dt=dt.to(torch.float32),
            logA=-x.ALog.exp(),
            dtBias=x.dtBias,
            D=x.D,
            documents=x.documents,
            initialState=start.expand(b, h, p, n).contiguous() if start is not None and start.dim() == 3 else start,
        )
        # 5. gate and norm, the MLP in front
        y, gate = mapped["Y"].reshape(b, t, -1), compose.silu(z.to(torch.float32))
        if x.normWeight is None or not settings.normBeforeGate:
            y = y * gate
        if x.normWeight is not None:
            y = compose.rms_norm(y, x.normWeight, settings.eps, settings.normGroups or dims.groups)
            if settings.normBeforeGate:
                y = y * gate
        y = y.to(problem.dtype)
        if sizes.mlp:
            y = torch.cat([compose.silu(z0) * x0, y], -1)
        # 6. project
        Y = compose.finish(problem, y)
        return {"Y": Y, "finalState": mapped["finalState"], "finalConv": final_conv}

    return run


def feature_map(problem):
    """In the order of ../reference/sizes.ts; the last two work on a group's numbers at once, in f32."""
    n, settings, constants = problem.dims.state, problem.settings, problem.constants
    if settings.features < 4:
        return (compose.silu, lambda v: v, compose.everywhere(F.relu), compose.everywhere(lambda v: F.elu(v) + 1))[settings.features]
    W = torch.tensor(constants.features, dtype=torch.float32, device=problem.device).view(-1, n)

    def of_groups(value):
        v = value.to(torch.float32).unflatten(-1, (-1, n))
        if settings.features == 4:
            mapped = F.layer_norm(v, (n,), eps=settings.eps)
        else:
            mapped = torch.exp(F.linear(v, W) - constants.share * v.square().sum(-1, keepdim=True)) / n**0.5
        return mapped.flatten(-2).to(value.dtype)

    return of_groups
