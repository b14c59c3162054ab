"""Gradients of a program's inputs through torch's autograd: a new graph in every run, nothing kept from one before.

A program of gradients says `DIFFERENTIATES = True`; its inputs are then made outside of inference mode, whose tensors no graph takes.
"""
import torch
from compose import program_of  # noqa: F401: programs of gradients ask for it here


def inputs_for(module):
    """The mode in which a program's inputs are made."""
    return torch.inference_mode(not getattr(module, "DIFFERENTIATES", False))


def gradients(problem, names, forward):
    """
    @param names inputs to differentiate, those that the problem has
    @param forward () -> {"Y", "finalState"?}, which looks the inputs up in `problem.inputs` when it runs
    @returns a run: forward, then backward from dY (and dFinalState); with Y and finalState where `training` is set
    """
    x = problem.inputs
    given = {name: getattr(x, name) for name in names if getattr(x, name) is not None}

    def run():
        with torch.inference_mode(False), torch.enable_grad():
            leaves = {name: tensor.detach().requires_grad_() for name, tensor in given.items()}
            try:
                for name, leaf in leaves.items():
                    setattr(x, name, leaf)
                outputs = forward()
            finally:
                # the inputs themselves: others may write into them
                for name, tensor in given.items():
                    setattr(x, name, tensor)
            pairs = [(outputs["Y"], x.dY)]
            if getattr(x, "dFinalState", None) is not None:
                pairs.append((outputs["finalState"], x.dFinalState))
            # an input that nothing depends on has no gradient in a graph, and zeros here
            found = torch.autograd.grad(
                [output for output, _ in pairs], list(leaves.values()), [cotangent for _, cotangent in pairs], allow_unused=True
            )
            made = {
                f"d{name}": torch.zeros_like(leaf) if gradient is None else gradient
                for (name, leaf), gradient in zip(leaves.items(), found)
            }
            if problem.settings.training:
                made.update({name: output.detach() for name, output in outputs.items()})
            return made

    return run


def block(problem, file, operator, form):
    """Gradients of a block for all its inputs. @param operator, form: the block's own program"""
    x = problem.inputs
    names = [name for name in vars(x) if name != "dY"]
    # what a gradient does not know of a block
    for name in ("documents", "initialConv", "initialState", "keys", "values"):
        if not hasattr(x, name):
            setattr(x, name, None)
    # its tables are saved for the way back
    with torch.inference_mode(False):
        forward = program_of(file, operator, form).prepare(problem)
    return gradients(problem, names, lambda: {"Y": forward()["Y"]})
