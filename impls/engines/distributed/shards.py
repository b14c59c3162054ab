"""A rank's part of a problem's tensors, and whole outputs from the parts. Knows no operator."""
import types

import torch


def sizes_of(total, ranks):
    """As equal as whole numbers are: the first ones have one more."""
    return [total // ranks + (rank < total % ranks) for rank in range(ranks)]


class Whole:
    """Every rank has all of it, bit for bit."""


class Last:
    """The last rank has it."""


class First:
    """The first rank has it."""


class Cut:
    """
    Parts along an axis, each made of stretches: of every section a rank has its share.
    @param sections sizes that follow one another along the axis, each divided among the ranks
    """

    def __init__(self, axis, *sections):
        self.axis, self.sections = axis, sections

    def stretches(self, rank, ranks):
        """(start, size) along the axis"""
        start, found = 0, []
        for section in self.sections:
            sizes = sizes_of(section, ranks)
            found.append((start + sum(sizes[:rank]), sizes[rank]))
            start += section
        return found

    def of(self, tensor, rank, ranks):
        # outside of inference mode: no graph takes its tensors
        with torch.inference_mode(False):
            parts = [tensor.narrow(self.axis, start, size) for start, size in self.stretches(rank, ranks)]
            return (parts[0] if len(parts) == 1 else torch.cat(parts, self.axis)).contiguous()

    def put(self, whole, part, rank, ranks):
        at = 0
        for start, size in self.stretches(rank, ranks):
            whole.narrow(self.axis, start, size).copy_(part.narrow(self.axis, at, size))
            at += size


def local_problem(problem, dims, cuts, ranks):
    """
    The problem as this rank has it.
    @param dims sizes that differ here @param cuts by input: a Cut, a Last or First (None elsewhere); all else is as it is
    @param ranks what stands in the place of `compose.ALONE`
    """
    group = problem.ranks

    def part(name):
        tensor, cut = getattr(problem.inputs, name), cuts.get(name)
        if tensor is None or cut is None:
            return tensor
        if isinstance(cut, Cut):
            return problem.derive(lambda: cut.of(getattr(problem.inputs, name), group.rank, group.size))
        return tensor if is_at(cut, group.rank, group.size) else None

    fields = {**vars(problem), "ranks": ranks}
    fields["settings"] = types.SimpleNamespace(**vars(problem.settings))
    fields["dims"] = types.SimpleNamespace(**{**vars(problem.dims), **dims})
    fields["inputs"] = types.SimpleNamespace(**{name: part(name) for name in vars(problem.inputs)})
    return types.SimpleNamespace(**fields)


def is_at(place, rank, size):
    return isinstance(place, Whole) or rank == (0 if isinstance(place, First) else size - 1)


class Shared:
    """A program's run on this rank, and how whole outputs are made of what it returns."""

    def __init__(self, run, group, layout):
        """@param layout by output: Whole, First, Last or Cut"""
        self.run, self.group, self.layout = run, group, layout
        self.traffic = {}

    def __call__(self):
        self.group.traffic = self.traffic = {}
        return self.run()
