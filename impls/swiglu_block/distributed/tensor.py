"""A gated MLP whose inner channels are divided among ranks: one sum over ranks, behind outProj."""
import compose
from shards import Cut, Shared, Whole, local_problem, sizes_of
from split_tensor import Tensor

block = compose.program_of(__file__, "swiglu_block", "fused")


def prepare(problem):
    inner, group = problem.dims.inner, problem.ranks
    row = Cut(0, inner, inner)
    dims = {"inner": sizes_of(inner, group.size)[group.rank]}
    local = local_problem(problem, dims, {"inProj": row, "inBias": row, "outProj": Cut(1, inner)}, Tensor(group))
    return Shared(block.prepare(local), group, {"Y": Whole()})
