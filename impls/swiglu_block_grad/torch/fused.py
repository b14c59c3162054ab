"""Gradients of a gated MLP by autograd through its own program in torch ops (impls/swiglu_block/torch/fused.py)."""
import differentiate

DIFFERENTIATES = True


def prepare(problem):
    return differentiate.block(problem, __file__, "swiglu_block", "fused")
