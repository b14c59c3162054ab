"""Columns and rows of products, one part a rank: partial sums are added up, as in Megatron and arXiv 2405.21060, section 8.1."""
import compose
import torch


class Tensor(compose.Alone):
    """What a rank with some heads, groups or channels asks of the others."""

    def __init__(self, group):
        self.group = group

    def total(self, value):
        return Total.apply(self.group, value)

    def shared(self, value):
        return Shared.apply(self.group, value)


class Total(torch.autograd.Function):
    """The sum of all parts; each part's gradient is the sum's."""

    @staticmethod
    def forward(ctx, group, value):
        return group.all_reduce(value)

    @staticmethod
    def backward(ctx, of_sum):
        return None, of_sum


class Shared(torch.autograd.Function):
    """What all ranks go on with, each on its own part; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx, group, value):
        ctx.group = group
        return value.view_as(value)

    @staticmethod
    def backward(ctx, of_value):
        return None, ctx.group.all_reduce(of_value)
