"""Gradients of ssd on segments of a sequence: autograd on each rank, states passed on forward, their cotangents back."""
import differentiate
from shards import Cut, First, Last, Shared, Whole, local_problem, sizes_of
from split_sequence import Sequence

DIFFERENTIATES = True
NAMES = ("X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias")

forward = differentiate.program_of(__file__, "ssd", "chunked")


def prepare(problem):
    length, group, x = problem.dims.length, problem.ranks, problem.inputs
    over_tokens = [name for name in (*NAMES, "dY") if getattr(x, name) is not None and is_over_tokens(name, getattr(x, name))]
    segments = {name: Cut(1, length) for name in over_tokens}
    cuts = {**segments, "initialState": First(), "dFinalState": Last()}
    dims = {"length": sizes_of(length, group.size)[group.rank]}
    local = local_problem(problem, dims, cuts, Sequence(group, getattr(problem.options, "passing", "chain")))
    gradients = differentiate.gradients(local, NAMES, forward.prepare(local))
    # of what all tokens share, each rank has the part of its own
    summed = [f"d{name}" for name in NAMES if name not in cuts and getattr(x, name) is not None]

    def run():
        made = gradients()
        return {**made, **{name: group.all_reduce(made[name]) for name in summed}}

    layout = {**{f"d{name}": Cut(1, length) for name in segments if name != "dY"}, **dict.fromkeys(summed, Whole())}
    if x.initialState is not None:
        layout["dinitialState"] = First()
    if problem.settings.training:
        layout.update(Y=Cut(1, length), finalState=Last())
    return Shared(run, group, layout)


def is_over_tokens(name, tensor):
    return name not in ("D", "initialState", "dtBias") and tensor.dim() > 1
