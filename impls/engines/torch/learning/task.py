"""Associative recall on a device: the same tokens as suites/learning/mqar.ts, from the same streams of numbers (impls/random.ts)."""

import torch

MASK = 0xFFFFFFFF


def fnv1a32(name):
    h = 0x811C9DC5
    for c in name.encode("ascii"):
        h = ((h ^ c) * 0x01000193) & MASK
    return h


def mix(x):
    """Of an int or of int64 tensors below 2^32."""
    x = x ^ (x >> 16)
    x = (x * 0x21F0AAAD) & MASK
    x = x ^ (x >> 15)
    x = (x * 0xD35A2D97) & MASK
    return x ^ (x >> 15)


def stream(seed, name):
    k0 = mix(fnv1a32(name) ^ mix(seed & MASK))
    return k0, mix((k0 + 0x9E3779B9) & MASK)


def hashes(keys, rows, count):
    """(rows, count): numbers below 2^32 of these rows of a stream."""
    k0, k1 = keys
    cols = torch.arange(count, device=rows.device)
    return mix((mix(mix((cols + k0) & MASK)[None, :] ^ rows[:, None]) + k1) & MASK)


def unit(h):
    return (h.double() + 0.5) / 2.0**32


class Recall:
    """Examples of a seed, by their places in the endless list."""

    def __init__(self, length, pairs, vocabulary, power, fill, seed, device):
        self.length, self.pairs, self.vocabulary, self.fill = length, pairs, vocabulary, fill
        self.streams = {name: stream(seed, f"mqar.{name}") for name in ("keys", "values", "gaps", "fill")}
        gaps = torch.arange(1, length // 2 - pairs + 1, dtype=torch.float64, device=device)
        self.weights = gaps ** (power - 1)

    def examples(self, rows):
        """rows: (count) int64. Returns tokens (count, length), and places and answers of the queries (count, pairs)."""
        half, context = self.vocabulary // 2, 2 * self.pairs
        smallest = lambda numbers: numbers.sort(dim=1, stable=True).indices[:, : self.pairs]
        keys = smallest(hashes(self.streams["keys"], rows, half - 1)) + 1
        values = smallest(hashes(self.streams["values"], rows, half)) + half
        # one draw after another without replacement is a race: the i-th to come, at -ln(unit) / weight
        times = -unit(hashes(self.streams["gaps"], rows, len(self.weights))).log() / self.weights
        places = context + 2 * smallest(times)
        if self.fill == "random":
            tokens = (unit(hashes(self.streams["fill"], rows, self.length)) * self.vocabulary).long()
        else:
            tokens = torch.zeros(len(rows), self.length, dtype=torch.int64, device=rows.device)
        tokens[:, 0:context:2] = keys
        tokens[:, 1:context:2] = values
        return tokens.scatter(1, places, keys), places, values
