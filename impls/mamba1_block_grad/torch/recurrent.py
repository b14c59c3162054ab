"""Gradients of a Mamba-1 block by autograd through its own program in torch ops (impls/mamba1_block/torch/recurrent.py)."""
import differentiate

DIFFERENTIATES = True


def prepare(problem):
    return differentiate.block(problem, __file__, "mamba1_block", "recurrent")
