"""One query by torch's scaled_dot_product_attention, which picks its backend itself; from torch 1.13 on, where it is private."""
import math

import torch
import torch.nn.functional as F


class Unsupported(Exception):
    """This torch has no such kernel for this storage type."""


def attend():
    return getattr(F, "scaled_dot_product_attention", None) or getattr(F, "_scaled_dot_product_attention", None)


def absent(device, make):
    return None if attend() else f"torch {torch.__version__} has no scaled_dot_product_attention"


def prepare(problem):
    dims, x = problem.dims, problem.inputs
    first, repeats = problem.constants.first, dims.heads // dims.groups
    public = hasattr(F, "scaled_dot_product_attention")
    # it divides by sqrt(headDim) itself
    factor = problem.constants.scale * math.sqrt(dims.headDim)

    def with_room(cache, own):
        """A cache with a place behind its last token, one copy a query head: (b heads s+1 d)"""
        return problem.derive(
            lambda: torch.cat([cache[:, first:], own.unsqueeze(1)], 1).transpose(1, 2).repeat_interleave(repeats, 1).contiguous()
        )

    K, V = with_room(x.K, x.k), with_room(x.V, x.v)
    # no factor is multiplied where it is the usual one: a product in a half type would round
    usual = abs(factor - 1) < 1e-12

    def run():
        K[:, :, -1].copy_(x.k.repeat_interleave(repeats, 1))
        V[:, :, -1].copy_(x.v.repeat_interleave(repeats, 1))
        query = (x.Q if usual else x.Q * factor).unsqueeze(2)
        y = attend()(query, K, V) if public else attend()(query, K, V, None, 0.0, False, False)[0]
        return {"Y": y.squeeze(2)}

    try:
        run()
    except RuntimeError as error:
        if "not implemented for" in str(error):
            raise Unsupported(f"torch {torch.__version__}: {error}") from error
        raise
    return run
