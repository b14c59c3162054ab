"""What weights begin with: the numbers of impls/learning/begin.ts, drawn from the same streams."""

import math

import torch

from task import hashes, stream, unit

NO_RATE = -1e4
LEAST_STEP, MOST_STEP = 1e-3, 0.1
LARGEST_RATE = 16


def units(seed, name, count, row=0):
    return unit(hashes(stream(seed, name), torch.tensor([row]), count))[0]


def uniform(seed, name, shape, bound):
    return (bound * (2 * units(seed, name, math.prod(shape)) - 1)).reshape(shape)


def normal(seed, name, shape, deviation):
    radius, angle = (units(seed, name, math.prod(shape), row) for row in (0, 1))
    return (deviation * (-2 * radius.log()).sqrt() * (2 * math.pi * angle).cos()).reshape(shape)


def weight(seed, name, shape, layer, layers):
    """Of a layer, by its name in the block. layer: kind and sizes"""
    own, kind = name.split(" ")[-1], layer["kind"]
    if own in ("preNorm", "normWeight", "D"):
        return torch.ones(shape, dtype=torch.float64)
    if own == "dtBias":
        if kind == "linear":
            return torch.full(shape, math.log(math.e - 1), dtype=torch.float64)
        step = LEAST_STEP * (MOST_STEP / LEAST_STEP) ** units(seed, name, math.prod(shape))
        return (step + (-torch.expm1(-step)).log()).reshape(shape)
    if own == "ALog":
        if kind == "linear":
            return torch.full(shape, NO_RATE, dtype=torch.float64)
        if kind == "mamba1":
            return torch.arange(1, shape[1] + 1, dtype=torch.float64).log().expand(shape)
        return (1 + (LARGEST_RATE - 1) * units(seed, name, math.prod(shape))).log().reshape(shape)
    fanIn = layer["width"] if own == "convBias" else shape[1]
    values = uniform(seed, name, shape, (1 / math.sqrt(layers) if own == "outProj" else 1) / math.sqrt(fanIn))
    if kind == "linear" and own == "inProj":
        values[-layer["heads"]:] = 0
    return values


def parameters(spec):
    """One flat vector, f32."""
    parts = []
    for name, shape in spec["layout"]:
        if name == "embedding":
            parts.append(normal(spec["seed"], name, shape, 1 / math.sqrt(shape[1])))
        elif name == "norm":
            parts.append(torch.ones(shape, dtype=torch.float64))
        else:
            at = int(name.split(" ")[1])
            parts.append(weight(spec["seed"], name, shape, spec["layers"][at], len(spec["layers"])))
    return torch.cat([part.flatten() for part in parts]).float()


MATRICES = ("embedding", "inProj", "outProj", "xProj", "dtProj", "convWeight")


def masks(spec):
    """Which numbers are pulled towards 0, and which learn."""
    pulled, learns = [], []
    for name, shape in spec["layout"]:
        own, count = name.split(" ")[-1], math.prod(shape)
        pulled.append(torch.full((count,), own in MATRICES))
        free = torch.ones(count, dtype=torch.bool)
        if name.startswith("layer"):
            layer = spec["layers"][int(name.split(" ")[1])]
            if layer["kind"] == "linear" and own in ("dtBias", "ALog"):
                free[:] = False
            if layer["kind"] == "linear" and own == "inProj":
                free[-layer["heads"] * shape[1]:] = False
        learns.append(free)
    return torch.cat(pulled), torch.cat(learns)
