"""Golden files of mamba3 in float64: test/fixtures/mamba3, read by `npx dualbench verify --vectors DIR`.

  python3 mamba3_golden.py DIR

Written from the conventions of state-spaces/mamba at e9594ce1c732d97440f0332fdc43170a2294dbfa, tests/ops/triton/test_mamba3_siso.py
(its step and forward references), none of whose code is here. Every case is computed twice, as a masked product with the correction of the
diagonal and token by token, and is written only where the two agree.
"""
import json
import pathlib
import sys

import numpy as np

COMMIT = "e9594ce1c732d97440f0332fdc43170a2294dbfa"
CASES = {
    # name: batch, length, heads, groups, value width, state, pairs, has D, Z and states
    "45_mamba3_siso_plain": (2, 37, 2, 2, 3, 8, 4, False),
    "46_mamba3_siso_resumed": (1, 41, 4, 2, 5, 10, 3, True),
}


def turned(x, theta):
    """Neighbours (0, 1), (2, 3), ... of the last axis turned by theta; those without an angle stay."""
    out = x.copy()
    even, odd = x[..., 0 : 2 * theta.shape[-1] : 2], x[..., 1 : 2 * theta.shape[-1] : 2]
    out[..., 0 : 2 * theta.shape[-1] : 2] = even * np.cos(theta) - odd * np.sin(theta)
    out[..., 1 : 2 * theta.shape[-1] : 2] = even * np.sin(theta) + odd * np.cos(theta)
    return out


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_mask(x):
    """The decayed mask over all pairs of tokens. Tokens lead: every array is (t, ...) of one sequence and head."""
    turn = np.pi * np.tanh(x["Angles"]) * x["DT"][:, None]
    theta = (x["Input_Angle"] + np.cumsum(turn, axis=0)) % (2 * np.pi)
    lam = sigmoid(x["Trap"])
    late = x["DT"] * (1 - lam)
    late_next = np.append(late[1:], 0)
    key, query = x["K"] + x["K_bias"], x["Q"] + x["Q_bias"]
    correction = late_next * np.sum(key * query, axis=1)
    key, query = turned(key, theta), turned(query, theta)
    length = len(lam)
    sums = np.array([[x["ADT"][s + 1 : t + 1].sum() if s <= t else -np.inf for s in range(length)] for t in range(length)])
    weight = lam * x["DT"] + late_next
    first = x["Input_SSM"] + late[0] * np.outer(x["Input_V"], x["Input_K"])
    since = np.exp(np.cumsum(x["ADT"]))
    y = (np.exp(sums) * (query @ key.T) * weight) @ x["V"] + since[:, None] * (query @ first.T)
    y -= correction[:, None] * x["V"]
    final = since[-1] * first + (x["V"] * (np.exp(sums[-1]) * weight)[:, None]).T @ key
    return finished(x, y), theta[-1], final, key[-1], x["V"][-1]


def by_token(x):
    """The same as the recurrence of the step."""
    theta, state, last_key, last_value = (x[f"Input_{name}"].copy() for name in ("Angle", "SSM", "K", "V"))
    y = np.empty_like(x["V"])
    for t in range(len(y)):
        theta = (theta + np.pi * np.tanh(x["Angles"][t]) * x["DT"][t]) % (2 * np.pi)
        key, query = turned(x["K"][t] + x["K_bias"], theta), turned(x["Q"][t] + x["Q_bias"], theta)
        lam, decay = sigmoid(x["Trap"][t]), np.exp(x["ADT"][t])
        state = decay * (state + (1 - lam) * x["DT"][t] * np.outer(last_value, last_key))
        state += lam * x["DT"][t] * np.outer(x["V"][t], key)
        y[t] = state @ query
        last_key, last_value = key, x["V"][t]
    return finished(x, y), theta, state, last_key, last_value


def finished(x, y):
    if "D" in x:
        y = (y + x["D"] * x["V"]) * x["Z"] * sigmoid(x["Z"])
    return y


def inputs(seed, batch, length, heads, groups, width, state, pairs, full):
    rng = np.random.default_rng(seed)
    normal = lambda *shape: rng.standard_normal(shape)
    dt = np.exp(rng.uniform(np.log(1e-3), np.log(0.5), (batch, heads, length)))
    x = {
        "Q": ("b t g n", normal(batch, length, groups, state)),
        "K": ("b t g n", normal(batch, length, groups, state)),
        "V": ("b t h p", normal(batch, length, heads, width)),
        "ADT": ("b h t", -dt * rng.uniform(0.1, 8, (batch, heads, length))),
        "DT": ("b h t", dt),
        "Trap": ("b h t", 3 * normal(batch, heads, length)),
        "Q_bias": ("h n", normal(heads, state)),
        "K_bias": ("h n", normal(heads, state)),
        "Angles": ("b t h r", normal(batch, length, heads, pairs)),
    }
    if full:
        x["D"] = ("h", normal(heads))
        x["Z"] = ("b t h p", normal(batch, length, heads, width))
        x["Input_Angle"] = ("b h r", rng.uniform(0, 2 * np.pi, (batch, heads, pairs)))
        x["Input_SSM"] = ("b h p n", normal(batch, heads, width, state))
        x["Input_K"] = ("b h n", normal(batch, heads, state))
        x["Input_V"] = ("b h p", normal(batch, heads, width))
    return x


def one_head(x, b, h, heads, groups, sizes):
    pick = {"b": b, "h": h, "g": h * groups // heads}
    taken = {name: value[tuple(pick.get(a, slice(None)) for a in axes.split())] for name, (axes, value) in x.items()}
    for name, shape in sizes.items():
        taken.setdefault(f"Input_{name}", np.zeros(shape))
    return taken


def case(name, seed, batch, length, heads, groups, width, state, pairs, full):
    x = inputs(seed, batch, length, heads, groups, width, state, pairs, full)
    sizes = {"Angle": (pairs,), "SSM": (width, state), "K": (state,), "V": (width,)}
    layout = {"Out": "b t h p", "Final_Angle": "b h r", "Final_SSM": "b h p n", "Final_K": "b h n", "Final_V": "b h p"}
    results = [[], []]
    for b in range(batch):
        for h in range(heads):
            head = one_head(x, b, h, heads, groups, sizes)
            for result, compute in zip(results, (by_mask, by_token)):
                result.append(compute(head))
    stack = lambda parts: np.stack(parts).reshape(batch, heads, *parts[0].shape)
    masked, walked = ([stack([head[i] for head in result]) for i in range(5)] for result in results)
    apart = max(np.abs(a - b).max() for a, b in zip(masked, walked))
    if apart > 1e-12:
        raise SystemExit(f"{name}: the two ways differ by {apart}")
    masked[0] = masked[0].transpose(0, 2, 1, 3)
    tensors = {key: value for key, (_, value) in x.items()}
    tensors.update({f"out.{key}": value for key, value in zip(layout, masked)})
    axes = {**{key: axes for key, (axes, _) in x.items()}, **{f"out.{key}": value for key, value in layout.items()}}
    metadata = {
        "case": name,
        "op": "mamba3_siso",
        "source": "examples/mamba3_golden.py, after tests/ops/triton/test_mamba3_siso.py",
        "commit": COMMIT,
        "seed": str(seed),
        "options": "{}",
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
