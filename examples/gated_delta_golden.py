"""Golden files of gated_delta in float64: test/fixtures/gated_delta, read by `npx dualbench verify --vectors DIR`.

  python3 gated_delta_golden.py DIR

Written from the conventions of fla-org/flash-linear-attention at bc3b101dcb713ddc5bd8924b66754eb68b5ccf89
(fla/ops/gated_delta_rule/naive.py and fla/ops/kda/naive.py: layouts, the state as (key, value), scale on the
query, the decay before the prediction), none of whose code is here. Every case is computed twice, token by token and as
one linear system over all tokens, and is written only where the two agree.
"""
import json
import pathlib
import sys

import numpy as np

COMMIT = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89"
CASES = {
    # name: batch, length, value heads, key heads, value width, key width, a decay a key channel, has an initial state, scale
    "47_gated_delta_rule_plain": (2, 39, 2, 2, 3, 8, False, False, None),
    "48_gated_delta_rule_resumed": (1, 43, 4, 2, 5, 10, False, True, 0.5),
    "49_kda_resumed": (1, 41, 3, 3, 4, 6, True, True, None),
}


def by_token(x, scale):
    """Tokens lead: every array is (t, ...) of one sequence and head."""
    state, out = x["initial_state"].copy(), np.empty_like(x["v"])
    for t in range(len(out)):
        state = np.exp(x["g"][t])[:, None] * state
        error = x["v"][t] - x["k"][t] @ state
        state = state + x["beta"][t] * np.outer(x["k"][t], error)
        out[t] = scale * x["q"][t] @ state
    return out, state


def by_system(x, scale):
    """u = beta (v - what is predicted), all tokens at once: (I + tril(beta k k', -1)) u = beta (v - k S_0), each product decayed."""
    length = len(x["v"])
    sums = np.cumsum(x["g"], axis=0)
    earlier = np.tril(np.ones((length, length)), -1)
    # (t, s, n): what is left of channel n of token s at token t
    left = np.exp(np.where(np.tril(np.ones((length, length)))[:, :, None] > 0, sums[:, None] - sums[None], -np.inf))
    keys = np.einsum("tn,tsn,sn->ts", x["k"], left, x["k"]) * earlier
    queries = np.einsum("tn,tsn,sn->ts", x["q"], left, x["k"])
    since = np.exp(sums)
    right = x["beta"][:, None] * (x["v"] - (since * x["k"]) @ x["initial_state"])
    u = np.linalg.solve(np.eye(length) + x["beta"][:, None] * keys, right)
    out = scale * ((since * x["q"]) @ x["initial_state"] + queries @ u)
    return out, since[-1][:, None] * x["initial_state"] + (left[-1] * x["k"]).T @ u


def inputs(seed, batch, length, heads, key_heads, width, state, by_channel, resumed):
    rng = np.random.default_rng(seed)
    normal = lambda *shape: rng.standard_normal(shape)
    k = normal(batch, length, key_heads, state)
    decay = -np.exp(rng.uniform(np.log(1e-3), np.log(3), (batch, length, heads, state if by_channel else 1)))
    x = {
        "q": ("b t g n", normal(batch, length, key_heads, state)),
        "k": ("b t g n", k / np.linalg.norm(k, axis=-1, keepdims=True)),
        "v": ("b t h p", normal(batch, length, heads, width)),
        "g": ("b t h n", decay) if by_channel else ("b t h", decay[..., 0]),
        "beta": ("b t h", rng.uniform(0, 2, (batch, length, heads))),
    }
    if resumed:
        x["initial_state"] = ("b h n p", normal(batch, heads, state, width))
    return x


def one_head(x, b, h, heads, key_heads, width, state):
    pick = {"b": b, "h": h, "g": h * key_heads // heads}
    taken = {name: value[tuple(pick.get(a, slice(None)) for a in axes.split())] for name, (axes, value) in x.items()}
    taken.setdefault("initial_state", np.zeros((state, width)))
    if taken["g"].ndim == 1:
        taken["g"] = np.repeat(taken["g"][:, None], state, axis=1)
    return taken


def case(name, seed, batch, length, heads, key_heads, width, state, by_channel, resumed, scale):
    x = inputs(seed, batch, length, heads, key_heads, width, state, by_channel, resumed)
    factor = state**-0.5 if scale is None else scale
    results = [[], []]
    for b in range(batch):
        for h in range(heads):
            head = one_head(x, b, h, heads, key_heads, width, state)
            for result, compute in zip(results, (by_token, by_system)):
                result.append(compute(head, factor))
    stack = lambda parts: np.stack(parts).reshape(batch, heads, *parts[0].shape)
    walked, solved = ([stack([head[i] for head in result]) for i in range(2)] for result in results)
    apart = max(np.abs(a - b).max() for a, b in zip(walked, solved))
    if apart > 1e-12:
        raise SystemExit(f"{name}: the two ways differ by {apart}")
    layout = {"o": "b t h p", "final_state": "b h n p"}
    tensors = {key: value for key, (_, value) in x.items()}
    tensors.update({"out.o": walked[0].transpose(0, 2, 1, 3), "out.final_state": walked[1]})
    axes = {**{key: axes for key, (axes, _) in x.items()}, **{f"out.{key}": value for key, value in layout.items()}}
    metadata = {
        "case": name,
        "op": "gated_delta_rule",
        "source": "examples/gated_delta_golden.py, after fla/ops/gated_delta_rule/naive.py and fla/ops/kda/naive.py",
        "commit": COMMIT,
        "seed": str(seed),
        "options": json.dumps({"scale": factor}),
        "layout": json.dumps(axes),
        "inputs": json.dumps(list(x)),
        "outputs": json.dumps([f"out.{key}" for key in layout]),
    }
    return tensors, metadata, apart


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, "<f8").tobytes()
        header[name] = {"dtype": "F64", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, sizes) in enumerate(CASES.items()):
        tensors, metadata, apart = case(name, seed, *sizes)
        write(folder / f"{name}.safetensors", tensors, metadata)
        print(f"{name}: the two ways differ by {apart:.1e}")
