"""Gradients of ssd by autograd through our own chunked program in torch ops (impls/ssd/torch/chunked.py)."""
import differentiate

DIFFERENTIATES = True
NAMES = ("X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias")

forward = differentiate.program_of(__file__, "ssd", "chunked")


def prepare(problem):
    return differentiate.gradients(problem, NAMES, forward.prepare(problem))
