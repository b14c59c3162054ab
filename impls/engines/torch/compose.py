"""Programs made of programs: a block of its parts, gradients of a forward pass; and what blocks of a model share."""
import importlib.util
import os
import sys
import types

import torch
import torch.nn.functional as F


def program_of(file, operator, form):
    """The program `form` of another operator, from the folder of a program `file`."""
    folder = os.path.join(os.path.dirname(file), "..", "..", operator, "torch")
    path = os.path.normpath(os.path.join(folder, f"{form}.py"))
    spec = importlib.util.spec_from_file_location(f"dualbench_{operator}_{form.replace('.', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    # it may import what lies beside it
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(os.path.dirname(path))
    return module


class Alone:
    """One process has the whole problem. Where several share one, an object with these methods stands in its place, as `problem.ranks`."""

    def pass_on(self, pass_on):
        """A recurrence over chunks, (states, log decays, carry) -> (entering, final), of tokens that others continue."""
        return pass_on

    def border(self, before, rows):
        """@returns what stands before `rows` (b t channels): (b past channels), given for the sequence's first token"""
        return before

    def total(self, value):
        """Adds up what each process has of a value; a gradient passes unchanged."""
        return value

    def shared(self, value):
        """A value that all have; gradients, of which each has its part, are added up."""
        return value


ALONE = Alone()


class Stage:
    """A part's own program, on tensors that lie between two stages in place of a problem's inputs."""

    def __init__(self, whole, program, names, dims, settings=None, constants=None, like=None):
        """
        @param names of the part's inputs: those that a call does not give are absent
        @param like tensors that the program looks at before there are inputs: how many axes they have
        """
        self.inputs = types.SimpleNamespace(**{**dict.fromkeys(names), **(like or {})})
        self.run = program.prepare(
            types.SimpleNamespace(
                dims=types.SimpleNamespace(**dims),
                settings=types.SimpleNamespace(**(settings or {})),
                constants=types.SimpleNamespace(**(constants or {})),
                inputs=self.inputs,
                options=whole.options,
                ranks=whole.ranks,
                dtype=whole.dtype,
                device=whole.device,
            )
        )

    def __call__(self, **inputs):
        """@returns the part's outputs by name"""
        for name, tensor in inputs.items():
            setattr(self.inputs, name, tensor)
        return self.run()


def rms_norm(value, weight, eps, parts=1):
    """(..., channels) over the root mean square of each of so many parts of a row; f32 inside and out."""
    value = value.to(torch.float32)
    of_part = value.unflatten(-1, (parts, -1))
    return (of_part * torch.rsqrt(of_part.square().mean(-1, keepdim=True) + eps)).flatten(-2) * weight.reshape(-1)


def everywhere(function):
    """A function of single numbers, through f32 and rounded once where a CPU's torch has none for f16 (1.13)."""

    def apply(value):
        if value.dtype == torch.float16 and value.device.type == "cpu":
            return function(value.to(torch.float32)).to(value.dtype)
        return function(value)

    return apply


silu = everywhere(F.silu)


def linear(problem, value, weight, bias=None):
    """A CPU has no fast product of half types: there it is made in f32 and stored in the problem's."""
    kind = problem.dtype if problem.device.type == "cuda" else torch.float32
    if bias is not None and kind != torch.float32:
        value, weight, bias = *_with_bias(value, weight, bias), None
    return F.linear(value.to(kind), weight.to(kind), None if bias is None else bias.to(kind)).to(problem.dtype)


def _with_bias(value, weight, bias):
    """A bias in f32 as further columns, three parts of it that add up exactly: in a half type it would be another bias."""
    rest, columns = bias, [weight]
    for _ in range(3):
        columns.append(rest.to(weight.dtype).unsqueeze(1))
        rest = rest - columns[-1].squeeze(1).to(rest.dtype)
    # as many as keep rows aligned
    columns.append(weight.new_zeros(weight.shape[0], 5))
    ones = torch.cat([value.new_ones(3), value.new_zeros(5)]).expand(*value.shape[:-1], 8)
    return torch.cat([value, ones], -1), torch.cat(columns, 1)


def front(problem):
    """A layer's input behind its norm, or the block's input as it is."""
    x = problem.inputs
    v = x.u if x.preNorm is None else rms_norm(x.u, x.preNorm, problem.settings.eps).to(problem.dtype)
    return problem.ranks.shared(v)


def finish(problem, value):
    """The product behind, and a layer's own input added to it."""
    x = problem.inputs
    Y = total_of(problem, value, x.outProj, x.outBias)
    return Y if x.preNorm is None else Y + x.u


def total_of(problem, value, weight, bias=None):
    """A product over columns of which each process may have some."""
    if problem.ranks is ALONE:
        return linear(problem, value, weight, bias)
    Y = problem.ranks.total(linear(problem, value, weight))
    return Y if bias is None else (Y + bias).to(problem.dtype)


def convolve(problem, rows, documents=None):
    """(b t channels) without SiLU, and the last inputs (b channels past), oldest first."""
    dims, x = problem.dims, problem.inputs
    t, past = dims.length, dims.past
    before = rows.new_zeros(rows.shape[0], past, rows.shape[-1]) if x.initialConv is None else x.initialConv.transpose(1, 2)
    seen = torch.cat([problem.ranks.border(before.to(rows.dtype), rows), rows], 1)
    # tokens of another document are not seen; those before the first one belong to document 0
    number = None
    if documents is not None:
        number = F.pad((documents != F.pad(documents[:, :-1], (1, 0))).cumsum(1), (past, 0)).unsqueeze(-1)
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
