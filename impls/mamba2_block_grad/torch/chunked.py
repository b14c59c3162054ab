"""Gradients of a Mamba-2 block by autograd through its own program in torch ops (impls/mamba2_block/torch/chunked.py)."""
import differentiate

DIFFERENTIATES = True


def prepare(problem):
    return differentiate.block(problem, __file__, "mamba2_block", "chunked")
