"""The chunked form on segments of a sequence, one a rank (arXiv 2405.21060, section 8.2): states are passed on, all else is local."""
import compose
import shards
from split_sequence import Sequence

chunked = compose.program_of(__file__, "ssd", "chunked")
OVER_TOKENS = ("X", "logA", "B", "C", "dt", "z")


def segment(problem):
    """The problem of this rank's tokens."""
    length, group = problem.dims.length, problem.ranks
    over_tokens = [name for name in OVER_TOKENS if getattr(problem.inputs, name) is not None and getattr(problem.inputs, name).dim() > 1]
    cuts = {**{name: shards.Cut(1, length) for name in over_tokens}, "initialState": shards.First()}
    dims = {"length": shards.sizes_of(length, group.size)[group.rank]}
    passing = getattr(problem.options, "passing", "chain")
    return shards.local_problem(problem, dims, cuts, Sequence(group, passing))


def prepare(problem):
    layout = {"Y": shards.Cut(1, problem.dims.length), "finalState": shards.Last()}
    return shards.Shared(chunked.prepare(segment(problem)), problem.ranks, layout)
