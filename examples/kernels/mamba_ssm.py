"""The official kernels of Mamba-2 (Triton) from your own installation of mamba_ssm, through their public function.

dualbench {
  "operator": "ssd", "form": "chunked", "device": "cuda", "dtypes": ["f32", "f16", "bf16"],
  "source": "mamba_ssm, mamba_chunk_scan_combined (Triton; arXiv 2405.21060)",
  "options": [{ "chunk": "128 + 128 * (state >= 128 or state >= 64 and length >= 2048)" }],
  "rounding": { "terms": "chunk", "storage": "tf32", "stored": 6, "accumulate": "matrix", "decay": "prefix" },
  "nonFinite": ["chunk"],
  "unsupported": { "not dt": "needs dt: the kernels take decays as dt A" }
}
"""
import torch
from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined


class Unsupported(Exception):
    """Raised by prepare: a skip, with this sentence as its reason."""


def prepare(inputs, outputs, dims, options):
    X, dt, logA, B, C = (inputs[name] for name in ("X", "dt", "logA", "B", "C"))
    A = inputs.derive(lambda: logA[0, 0] / dt[0, 0])  # one a head
    if not torch.allclose(dt * A, logA, rtol=1e-6, atol=0):
        raise Unsupported("needs logA = dt A with one A a head")
    others = {"D": inputs.get("D"), "z": inputs.get("z"), "initial_states": inputs.get("initialState")}

    def run():
        Y, final = mamba_chunk_scan_combined(X, dt, A, B, C, options.chunk, return_final_states=True, **others)
        # tensors that a library makes itself are given back: to copy them into outputs would be timed
        return {"Y": Y, "finalState": final}

    return run
