"""Inputs of a problem as tensors on the device: random functions of (key, row, column), bit for bit those of impls/random.ts."""
import torch

MASK = 0xFFFFFFFF
GRID_BITS = {torch.float32: 24, torch.float16: 11, torch.bfloat16: 8}
DECAY_ORDER = (5, 1, 3, 0, 4, 2, 6, 7)
# Elements made at once: a dozen int64 temporaries of this size
BLOCK = 1 << 21


def mix(x):
    """A bijection of u32, held in int64; products wrap modulo 2^64, which leaves their low 32 bits right."""
    x = x ^ (x >> 16)
    x = (x * 0x21F0AAAD) & MASK
    x = x ^ (x >> 15)
    x = (x * 0xD35A2D97) & MASK
    return x ^ (x >> 15)


def hash_at(k0, k1, row, col):
    """The u32 at (row, col) of a stream; row and col are int64 tensors that broadcast."""
    return mix((mix(mix((col + k0) & MASK) ^ row) + k1) & MASK)


def _magnitude(h, bits):
    return (2 * (h >> (33 - bits)) + 1).to(torch.float32) * 2.0**-bits


def coherent(h, bits):
    return torch.where((h & 7) == 0, -_magnitude(h, bits), _magnitude(h, bits))


def signed(h, bits):
    return torch.where((h & 1) == 0, _magnitude(h, bits), -_magnitude(h, bits))


def time_step(h):
    return (0x3A000000 + (h >> 6)).to(torch.int32).view(torch.float32)


def _rates(index):
    order = torch.tensor(DECAY_ORDER, device=index.device)[index & 7]
    return power_of_two(-2 * order)


def power_of_two(exponent):
    """2^exponent in float64 from its bits: pow() of a GPU may err. Exponents below -1022 give zero."""
    bits = (exponent + 1023).clamp(min=0) << 52
    return bits.view(torch.float64)


def values(distribution, k0, k1, row, col, last, bits):
    """Float32 or float64 values that are exact in the grid of the dtype, `last` being the size of the last axis."""
    if distribution == "channelDecay":
        return -((col % last) + 1).to(torch.float64) * _rates(col // last) + torch.zeros_like(row, dtype=torch.float64)
    if distribution == "logIndex":
        place = (col % last) + 1
        octave = (place.to(torch.float64).view(torch.int64) >> 52) - 1023
        straight = octave.to(torch.float64) + place.to(torch.float64) * power_of_two(-octave) - 1
        return 0.6875 * straight + torch.zeros_like(row, dtype=torch.float64)
    if distribution == "weight":
        # equal weights stand 61 columns apart
        h = hash_at(k0, k1, row, col // last * 61 + col % last % 61)
        return signed(h, bits) * 2.0 ** -next(i for i in range(32) if 4**i >= last)
    h = hash_at(k0, k1, row, col)
    if distribution == "stepBias":
        return -(2 + (h >> 10).to(torch.float64) * 2.0**-20)
    if distribution == "coherent":
        return coherent(h, bits)
    if distribution == "signed":
        return signed(h, bits)
    if distribution == "signed8":
        return 8 * signed(h, bits)
    if distribution == "timeStep":
        return time_step(h)
    if distribution == "logDecay":
        return -time_step(h).to(torch.float64) * 16 * _rates(col)
    if distribution == "longKernel":
        channel = col // last
        return coherent(h, bits).to(torch.float64) * power_of_two(-((col % last) >> (6 + (channel & 7))))
    raise ValueError(f"no distribution {distribution} here; impls/tensor.ts and problem_inputs.py must agree")


def random_tensor(spec, dtype, device):
    """@spec rows, cols, shape, distribution, last, and stretches of rows with their keys"""
    out = torch.empty((spec["rows"], spec["cols"]), dtype=dtype, device=device)
    write_rows(out, spec, 0, spec["rows"])
    return out.reshape(spec["shape"])


def write_rows(out, spec, first_row, rows):
    """Rows [first_row, first_row + rows) of a random tensor, in place. @out the tensor as rows x cols"""
    cols, device, bits = spec["cols"], out.device, GRID_BITS[out.dtype]
    wide = min(cols, BLOCK)
    high = max(1, BLOCK // wide)
    for stretch in spec["stretches"]:
        start = max(first_row, stretch["firstRow"])
        end = min(first_row + rows, stretch["firstRow"] + stretch["rows"])
        for row0 in range(start, end, high):
            row1 = min(end, row0 + high)
            row = torch.arange(row0, row1, device=device)[:, None]
            for col0 in range(0, cols, wide):
                col = torch.arange(col0, min(cols, col0 + wide), device=device)[None, :]
                block = values(spec["distribution"], stretch["k0"], stretch["k1"], row, col, spec["last"], bits)
                out[row0:row1, col0 : col0 + wide] = block.to(torch.float32)


def given_tensor(spec, data, dtype, device):
    """Little-endian float32 in C order, already on the grid of the dtype."""
    whole = torch.frombuffer(bytearray(data), dtype=torch.float32) if data else torch.empty(0)
    return whole.reshape(spec["shape"]).to(device=device, dtype=dtype)
