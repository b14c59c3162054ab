"""A Mamba-2 block whose heads and groups are divided among ranks (arXiv 2405.21060, section 8.1): one sum over ranks, behind outProj."""
import compose
from shards import Cut, Shared, Whole, local_problem
from split_tensor import Tensor

block = compose.program_of(__file__, "mamba2_block", "chunked")


def prepare(problem):
    dims, group = problem.dims, problem.ranks
    mlp, z, x, B, C = problem.constants.whole
    convolved, heads, row = (x, B, C), Cut(0, dims.heads), Cut(0, mlp, mlp, z, x, B, C, dims.heads)
    states = Cut(1, dims.heads)
    cuts = {
        **{"inProj": row, "inBias": row, "convWeight": Cut(0, *convolved), "convBias": Cut(0, *convolved)},
        **{name: heads for name in ("dtBias", "ALog", "D", "normWeight")},
        "outProj": Cut(1, mlp, z),
        "initialConv": Cut(1, *convolved),
        "initialState": states if getattr(problem.inputs.initialState, "ndim", 4) == 4 else heads,
    }
    sizes = {name: getattr(dims, name) // group.size for name in ("heads", "groups", "channels", "inner")}
    local = local_problem(problem, sizes, cuts, Tensor(group))
    local.settings.normGroups = (problem.settings.normGroups or dims.groups) // group.size
    layout = {"Y": Whole(), "finalState": states, "finalConv": Cut(1, *convolved)}
    return Shared(block.prepare(local), group, layout)
