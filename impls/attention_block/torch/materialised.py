"""An attention block in torch's plain operations, around two products and a softmax (arXiv 1706.03762, equation (1))."""
import compose
import torch

prefill = compose.program_of(__file__, "attention", "materialised")
step = compose.program_of(__file__, "attention_decode", "materialised")


def prepare(problem):
    dims, x, settings = problem.dims, problem.inputs, problem.settings
    b, t, h, g, d = dims.batch, dims.length, dims.heads, dims.groups, dims.headDim
    shape = {"batch": b, "length": t, "context": dims.context, "heads": h, "groups": g, "headDim": d, "headDimV": d}
    scale = {"scale": problem.constants.scale}
    if x.keys is None:
        the_map = compose.Stage(problem, prefill, ("Q", "K", "V", "documents"), shape, {"causal": True, "window": 0}, scale)
    else:
        the_map = compose.Stage(problem, step, ("Q", "K", "V", "k", "v"), shape, {}, {"first": 0, **scale})
    turns = turns_of(problem) if settings.rotary else None

    def turned(value):
        """Channel i of a head's first half and channel i of its second are turned together, an odd last one stays; f32 inside."""
        if turns is None:
            return value
        half = d // 2
        first, second, rest = value.to(torch.float32).split([half, half, d - 2 * half], -1)
        cos, sin = turns
        return torch.cat([first * cos - second * sin, first * sin + second * cos, rest], -1).to(problem.dtype)

    def run():
        # 0. norm; 1. project
        row = compose.linear(problem, compose.front(problem), x.inProj, x.inBias)
        Q, K, V = (part.unflatten(-1, (-1, d)) for part in row.split([h * d, g * d, g * d], -1))
        # 4. positions and attention
        Q, K = turned(Q), turned(K)
        if x.keys is None:
            mapped = the_map(Q=Q, K=K, V=V)
        else:
            mapped = the_map(Q=Q[:, 0], K=x.keys, V=x.values, k=K[:, 0], v=V[:, 0])
        # 6. project
        return {"Y": compose.finish(problem, mapped["Y"].reshape(b, t, h * d)), "newKeys": K, "newValues": V.clone()}

    return run


def turns_of(problem):
    """Cosines and sines of the tokens' angles, (t 1 d/2): made in float64 and rounded once."""
    dims, x = problem.dims, problem.inputs
    half = dims.headDim // 2
    first = 0 if x.keys is None else dims.context
    places = torch.arange(first, first + dims.length, dtype=torch.float64).unsqueeze(-1)
    rates = float(problem.settings.rotary) ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = (places * rates).unsqueeze(1)
    return angles.cos().to(torch.float32).to(problem.device), angles.sin().to(torch.float32).to(problem.device)
