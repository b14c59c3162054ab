"""An attention block whose heads are divided among ranks with their keys and values: one sum over ranks, behind outProj."""
import compose
from shards import Cut, Shared, Whole, local_problem
from split_tensor import Tensor

block = compose.program_of(__file__, "attention_block", "materialised")


def prepare(problem):
    dims, group = problem.dims, problem.ranks
    h, g = dims.heads * dims.headDim, dims.groups * dims.headDim
    row, groups = Cut(0, h, g, g), Cut(2, dims.groups)
    cuts = {"inProj": row, "inBias": row, "outProj": Cut(1, h), "keys": groups, "values": groups}
    sizes = {name: getattr(dims, name) // group.size for name in ("heads", "groups", "inner")}
    local = local_problem(problem, sizes, cuts, Tensor(group))
    return Shared(block.prepare(local), group, {"Y": Whole(), "newKeys": groups, "newValues": groups})
