"""A Mamba-2 block on segments of a sequence, one a rank (arXiv 2405.21060, section 8.2): the convolution's borders and states go on."""
import compose
from shards import Cut, First, Last, Shared, local_problem, sizes_of
from split_sequence import Sequence

block = compose.program_of(__file__, "mamba2_block", "chunked")


def prepare(problem):
    length, group = problem.dims.length, problem.ranks
    cuts = {"u": Cut(1, length), "initialConv": First(), "initialState": First()}
    dims = {"length": sizes_of(length, group.size)[group.rank]}
    local = local_problem(problem, dims, cuts, Sequence(group, getattr(problem.options, "passing", "chain")))
    layout = {"Y": Cut(1, length), "finalState": Last(), "finalConv": Last()}
    return Shared(block.prepare(local), group, layout)
