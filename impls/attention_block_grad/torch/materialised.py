"""Gradients of an attention block by autograd through its own program in torch ops (impls/attention_block/torch/materialised.py)."""
import differentiate

DIFFERENTIATES = True


def prepare(problem):
    return differentiate.block(problem, __file__, "attention_block", "materialised")
