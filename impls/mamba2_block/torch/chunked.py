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
    # a CPU has no fast product of half types
    kind = problem.dtype if problem.device.type == "cuda" else torch.float32
    the_map = compose.Stage(
        problem,
        ssd,
        MAP,
        {"batch": b, "length": t, "heads": h, "groups": groups, "headDim": p, "state": n},
        {"softplus": True, "dtMin": settings.dtMin, "dtMax": settings.dtMax},
    )

    def linear(value, weight, bias=None):
        return F.linear(value.to(kind), weight.to(kind), None if bias is None else bias.to(kind)).to(problem.dtype)

    def normed(value, weight, parts):
        """Root mean square norm of so many parts of a row; f32 inside."""
        value = value.to(torch.float32)
        square = value.view(b, t, parts, -1).square().mean(-1, keepdim=True)
        return (value.view(b, t, parts, -1) * torch.rsqrt(square + settings.eps)).view(b, t, -1) * weight.reshape(-1)

    def parts_of(value, size, wanted):
        """(b t parts*size) -> (b t wanted size): those of groups again for each of their heads."""
        value = value.view(b, t, -1, size)
        return value if value.shape[2] == wanted else value.repeat_interleave(wanted // value.shape[2], 2)

    def run():
        # 0. norm; 1. project
        v = x.u if x.preNorm is None else normed(x.u, x.preNorm, 1).to(problem.dtype)
        row = linear(v, x.inProj, x.inBias)
        z0, x0, z, rest, dt = row.split([sizes.mlp, sizes.mlp, sizes.z, dims.channels, row.shape[-1] - sizes.own], -1)
        # 2. convolve
        rest, final_conv = convolve(problem, rest)
        X = F.silu(rest[..., : sizes.x])
        # 3. select
        if x.xProj is None:
            B, C = rest[..., sizes.x :].split([sizes.B, sizes.C], -1)
        else:
            B, C, dt = linear(X, x.xProj).split([sizes.B, sizes.C, h], -1)
        B, C = FEATURES[settings.features](B), FEATURES[settings.features](C)
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
        y, gate = mapped["Y"].reshape(b, t, -1), F.silu(z.to(torch.float32))
        if x.normWeight is None or not settings.normBeforeGate:
            y = y * gate
        if x.normWeight is not None:
            y = normed(y, x.normWeight, settings.normGroups or dims.groups)
            if settings.normBeforeGate:
                y = y * gate
        y = y.to(problem.dtype)
        if sizes.mlp:
            y = torch.cat([F.silu(z0) * x0, y], -1)
        # 6. project
        Y = linear(y, x.outProj, x.outBias)
        if x.preNorm is not None:
            Y = Y + x.u
        return {"Y": Y, "finalState": mapped["finalState"], "finalConv": final_conv}

    return run


# silu, identity, relu, elu1, as in ../reference/sizes.ts
FEATURES = (F.silu, lambda v: v, F.relu, lambda v: F.elu(v) + 1)


def convolve(problem, rows):
    """(b t channels) without SiLU, and the last inputs (b channels past), oldest first."""
    dims, x = problem.dims, problem.inputs
    t, past = dims.length, dims.past
    before = rows.new_zeros(dims.batch, past, dims.channels) if x.initialConv is None else x.initialConv.transpose(1, 2)
    seen = torch.cat([before.to(rows.dtype), rows], 1)
    # tokens of another document are not seen; those before the first one belong to document 0
    number = None
    if x.documents is not None:
        number = F.pad((x.documents != F.pad(x.documents[:, :-1], (1, 0))).cumsum(1), (past, 0)).unsqueeze(-1)
    sums = torch.zeros_like(rows, dtype=torch.float32) if x.convBias is None else x.convBias
    for back in range(past, -1, -1):
        taken = seen[:, past - back : past - back + t]
        if number is not None:
            taken = taken * (number[:, past - back : past - back + t] == number[:, past:])
        sums = torch.addcmul(sums, taken.to(torch.float32), x.convWeight[:, past - back])
    last = seen[:, t:]
    if number is not None:
        last = last * (number[:, t:] == number[:, -1:])
    return sums.to(rows.dtype), last.transpose(1, 2).to(torch.float32)
