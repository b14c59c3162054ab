"""A Mamba-1 block whose channels are divided among ranks: a sum over ranks for B, C and the steps, and one behind outProj."""
import compose
from shards import Cut, Shared, Whole, local_problem, sizes_of
from split_tensor import Tensor

block = compose.program_of(__file__, "mamba1_block", "recurrent")


def prepare(problem):
    inner, group = problem.dims.inner, problem.ranks
    row, channels, columns = Cut(0, inner, inner), Cut(0, inner), Cut(1, inner)
    cuts = {
        **{"inProj": row, "inBias": row},
        **{name: channels for name in ("convWeight", "convBias", "dtProj", "dtBias", "ALog", "D")},
        **{name: columns for name in ("xProj", "outProj", "initialConv", "initialState")},
    }
    local = local_problem(problem, {"inner": sizes_of(inner, group.size)[group.rank]}, cuts, Tensor(group))
    return Shared(block.prepare(local), group, {"Y": Whole(), "finalState": columns, "finalConv": columns})
