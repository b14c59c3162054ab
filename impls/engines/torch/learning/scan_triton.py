"""The scan of Mamba-1's states as one loop over tokens on a GPU: a thread keeps the states of its channels."""

import torch
import triton
import triton.language as tl

BLOCK = 128


@triton.jit
def forward_kernel(a, b, h, length, columns, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * length * columns + tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    state = tl.zeros([BLOCK], tl.float32)
    for t in range(0, length):
        state = tl.load(a + at) * state + tl.load(b + at)
        tl.store(h + at, state)
        at += columns


@triton.jit
def backward_kernel(a, h, dh, da, db, length, columns, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * length * columns + tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    at += (length - 1) * columns
    adjoint = tl.zeros([BLOCK], tl.float32)
    later = tl.zeros([BLOCK], tl.float32)
    for i in range(0, length):
        adjoint = tl.load(dh + at) + later * adjoint
        first = i == length - 1
        before = tl.load(h + at - tl.where(first, 0, columns))
        tl.store(da + at, tl.where(first, 0.0, adjoint * before))
        tl.store(db + at, adjoint)
        later = tl.load(a + at)
        at -= columns


class TritonScan(torch.autograd.Function):
    """a, b: (batch, length, channels, state), contiguous f32; channels x state a multiple of BLOCK"""

    @staticmethod
    def forward(ctx, a, b):
        h = torch.empty_like(a)
        batch, length, *rest = a.shape
        columns = rest[0] * rest[1]
        forward_kernel[(batch, columns // BLOCK)](a, b, h, length, columns, BLOCK)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, dh):
        a, h = ctx.saved_tensors
        dh = dh.contiguous()
        da, db = torch.empty_like(a), torch.empty_like(a)
        batch, length, *rest = a.shape
        columns = rest[0] * rest[1]
        backward_kernel[(batch, columns // BLOCK)](a, h, dh, da, db, length, columns, BLOCK)
        return da, db
