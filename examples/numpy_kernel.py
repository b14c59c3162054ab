"""A kernel in another language, judged by dualbench: ssd as a recurrence in numpy.

  npx dualbench verify --export problems --operator ssd
  python3 numpy_kernel.py problems outputs
  npx dualbench verify --outputs outputs
"""
import json
import pathlib
import sys

import numpy as np


def read(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    meta = header.pop("__metadata__")
    types = {"F32": "<f4", "F64": "<f8"}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"]).astype("f8")
    return tensors, json.loads(meta["dims"]), json.loads(meta["settings"])


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def ssd(x, dims, settings):
    """S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t + D X_t, gated by z; logA is one a head, times dt, or one a token."""
    batch, length, heads, groups, width, state = (dims[k] for k in "batch length heads groups headDim state".split())
    dt = x.get("dt", np.ones((batch, length, heads)))
    dt = dt + x.get("dtBias", 0)
    if settings["softplus"]:
        dt = np.where(dt > 20, dt, np.log1p(np.exp(np.minimum(dt, 20))))
    if "dt" in x:
        dt = np.clip(dt, settings["dtMin"], settings["dtMax"] or np.inf)
    logA = x["logA"] if x["logA"].ndim == 3 else dt * x["logA"]
    B, C = (np.repeat(x[name], heads // groups, axis=2) for name in "BC")
    documents = x.get("documents", np.zeros((batch, length)))
    S = x.get("initialState", np.zeros((batch, heads, width, state))) * (documents[:, 0] == 0)[:, None, None, None]
    Y = np.empty_like(x["X"])
    ends = [[] for _ in range(batch)]
    for t in range(length):
        if t > 0:
            for b in np.flatnonzero(documents[:, t] != documents[:, t - 1]):
                ends[b].append(S[b].copy())
                S[b] = 0
        S = np.exp(logA[:, t])[..., None, None] * S + (dt[:, t, :, None] * x["X"][:, t])[..., None] * B[:, t, :, None]
        Y[:, t] = np.einsum("bhpn,bhn->bhp", S, C[:, t])
    D = x.get("D", np.zeros(heads))
    Y = Y + (D[:, None] if D.ndim == 1 else D) * x["X"]
    if "z" in x:
        Y = Y * x["z"] / (1 + np.exp(-x["z"]))
    outputs = {"Y": Y, "finalState": S}
    if "documents" in dims:
        outputs["documentStates"] = np.zeros((batch, heads, width, dims["documents"], state))
        for b in range(batch):
            for i, end in enumerate([*ends[b], S[b]]):
                outputs["documentStates"][b, :, :, i] = end
    return outputs


problems, outputs = map(pathlib.Path, sys.argv[1:])
outputs.mkdir(exist_ok=True)
for problem in sorted(problems.glob("ssd-*.safetensors")):
    with np.errstate(over="ignore"):
        write(outputs / problem.name, ssd(*read(problem)))
