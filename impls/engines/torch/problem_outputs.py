"""Reading outputs where they lie: selected lanes, the first non-finite element, a hash of all bits."""
import torch

# Elements looked at together: the hash holds int64 temporaries of this size
BLOCK = 1 << 22
INTEGER = {4: torch.int32, 2: torch.int16}
PRIME = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed number; odd
OTHER = -4658895280553007687  # 0xBF58476D1CE4E5B9


def fill_nan(outputs):
    for tensor in outputs.values():
        tensor.fill_(float("nan"))


def check(outputs, shapes, dtype):
    """@raises ValueError when a run did not return exactly the operator's outputs, in their shapes"""
    if not isinstance(outputs, dict) or sorted(outputs) != sorted(shapes):
        got = ", ".join(outputs) if isinstance(outputs, dict) else type(outputs).__name__
        raise ValueError(f"run() must return a dict of {', '.join(shapes)}, got {got}")
    for name, shape in shapes.items():
        tensor = outputs[name]
        if list(tensor.shape) != list(shape):
            raise ValueError(f"{name} has shape {list(tensor.shape)}, expected {list(shape)}")
        if tensor.dtype not in (dtype, torch.float32):
            raise ValueError(f"{name} is {tensor.dtype}, expected {dtype} or float32")


def survey(tensor):
    """First non-finite element with their count, and a hash in which every bit and every place counts.

    The hash is a sum of int64 products modulo 2^64: the order of summation, which a GPU does not promise, cannot change it.
    """
    flat = tensor.reshape(-1)
    bits = flat.view(INTEGER[flat.element_size()])
    total, first, value, digest = 0, None, 0.0, torch.zeros((), dtype=torch.int64, device=flat.device)
    for start in range(0, flat.numel(), BLOCK):
        part = flat[start : start + BLOCK]
        bad = ~torch.isfinite(part)
        count = int(bad.sum())
        if count > 0 and first is None:
            at = int(bad.to(torch.uint8).argmax())
            first, value = start + at, float(part[at])
        total += count
        place = torch.arange(start, start + part.numel(), dtype=torch.int64, device=flat.device)
        mixed = (bits[start : start + BLOCK].to(torch.int64) + place * PRIME) * OTHER
        digest += ((mixed ^ (mixed >> 29)) * PRIME).sum()
    found = None if first is None else {"index": first, "value": str(value), "total": total}
    return found, f"{int(digest) & 0xFFFFFFFFFFFFFFFF:016x}"


def gather(tensor, views, signs):
    """
    @views [offset, stride, count, run, runStride, terms, termStride, projected] each
    @signs +1 or -1 for each term of a projected lane
    @returns float64, lane after lane
    """
    flat = tensor.contiguous().reshape(-1)
    lanes = []
    for offset, stride, count, run, run_stride, terms, term_stride, projected in views:
        lane = torch.zeros(count, dtype=torch.float64, device=flat.device)
        for term in range(terms):
            place = ((count // run, run), (run_stride, stride), offset + term * term_stride)
            part = flat.as_strided(*place).to(torch.float64).reshape(-1)
            lane += signs[term] * part if projected else part
        lanes.append(lane)
    return torch.cat(lanes).cpu() if lanes else torch.empty(0, dtype=torch.float64)
