"""The chunked form of state space duality in Triton (arXiv 2405.21060, section 6).

What it computes, token by token: S_t = exp(logA_t) S_(t-1) + dt_t x_t B_t^T, Y_t = S_t C_t.
Axes: X (b t h p), logA and dt (b t h), B and C (b t g n), Y (b t h p), finalState (b h p n).
One program walks over the chunks of one head, with the state of a block of its channels in registers.

dualbench {
  "operator": "ssd",
  "form": "chunked",
  "source": "arXiv 2405.21060, listing 1",
  "device": "cuda",
  "dtypes": ["f32", "f16", "bf16"],
  "rounding": { "terms": "chunk" },
  "nonFinite": ["chunk"],
  "options": [{ "chunk": 32, "channels": 32 }],
  "unsupported": { "D": "takes no D", "z": "takes no z", "initialState": "begins with an empty state",
                   "state > 256": "needs state of at most 256" }
}
"""
import triton
import triton.language as tl


@triton.jit
def chunked(
    X, logA, dt, B, C, Y, finalState, length, heads, groups, headDim, state,
    HAS_DT: tl.constexpr, Q: tl.constexpr, P: tl.constexpr, N: tl.constexpr,
):
    b, h = tl.program_id(0) // heads, tl.program_id(0) % heads
    # head h reads the group of B and C that it belongs to
    g = h // (heads // groups)
    q, n = tl.arange(0, Q), tl.arange(0, N)
    p = tl.program_id(1) * P + tl.arange(0, P)
    S = tl.zeros((P, N), tl.float32)
    for start in range(0, length, Q):
        here = start + q < length
        token = (b * length + start + q).to(tl.int64)
        # past the end nothing decays and nothing comes in
        decay = tl.load(logA + token * heads + h, mask=here, other=0.0)
        channels = (token[:, None] * heads + h) * headDim + p[None, :]
        inside = here[:, None] & (p < headDim)[None, :]
        x = tl.load(X + channels, mask=inside, other=0.0).to(tl.float32)
        if HAS_DT:
            x *= tl.load(dt + token * heads + h, mask=here, other=0.0)[:, None]
        row = (token[:, None] * groups + g) * state + n[None, :]
        known = here[:, None] & (n < state)[None, :]
        b_rows = tl.load(B + row, mask=known, other=0.0).to(tl.float32)
        c_rows = tl.load(C + row, mask=known, other=0.0).to(tl.float32)

        # exp of the sum of log decays over (s, t]: sums of the segment itself, never differences of running sums
        segment = tl.cumsum(tl.where(q[:, None] > q[None, :], decay[:, None], 0.0), 0)
        L = tl.where(q[:, None] >= q[None, :], tl.exp(segment), 0.0)
        # 1. within the chunk: (L o C B^T) x, then 4. from the state that entered it
        y = tl.dot(tl.dot(c_rows, tl.trans(b_rows), input_precision="ieee") * L, x, input_precision="ieee")
        y += tl.exp(tl.cumsum(decay, 0))[:, None] * tl.dot(c_rows, tl.trans(S), input_precision="ieee")
        tl.store(Y + channels, y.to(Y.dtype.element_ty), mask=inside)
        # 2. what the chunk adds, decayed to its end, and 3. from chunk to chunk
        to_end = tl.sum(tl.where(q[:, None] == Q - 1, L, 0.0), 0)
        S = tl.exp(tl.sum(decay, 0)) * S + tl.dot(tl.trans(x * to_end[:, None]), b_rows, input_precision="ieee")
    place = ((b * heads + h) * headDim + p[:, None]) * state + n[None, :]
    tl.store(finalState + place, S, mask=(p < headDim)[:, None] & (n < state)[None, :])


def prepare(inputs, outputs, dims, options):
    X, logA, B, C, dt = inputs["X"], inputs["logA"], inputs["B"], inputs["C"], inputs.get("dt")
    grid = (dims.batch * dims.heads, triton.cdiv(dims.headDim, options.channels))
    sizes = (dims.length, dims.heads, dims.groups, dims.headDim, dims.state)
    # tl.dot takes 16 or more
    tile = {"Q": options.chunk, "P": options.channels, "N": max(16, triton.next_power_of_2(dims.state))}

    def run():
        chunked[grid](
            X, logA, X if dt is None else dt, B, C, outputs["Y"], outputs["finalState"], *sizes,
            HAS_DT=dt is not None, **tile, num_warps=4, num_stages=1,
        )

    return run
