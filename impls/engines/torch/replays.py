"""Two ways to run a case without Python between its kernels: torch.compile, and replay of a captured CUDA graph."""
import shutil

import torch


def absent(replay, device):
    """A sentence when this torch or device cannot do it."""
    if replay == "graph" and device.type != "cuda":
        return "CUDA graphs need a CUDA device"
    if replay == "compile":
        if not hasattr(torch, "compile"):
            return f"torch.compile needs torch 2, this is {torch.__version__}"
        if device.type == "cpu" and shutil.which("g++") is None and shutil.which("clang++") is None:
            return "torch.compile needs a C++ compiler (g++) on the CPU"
    return None


def wrap(run, replay, machine):
    if replay == "compile":
        _compile_every_case()
        compiled = torch.compile(run, dynamic=False)
        # compiles here: preparation may take minutes, a run may not
        compiled()
        machine.finish()
        return compiled
    if replay == "graph":
        return captured(run)
    return run


def _compile_every_case():
    """After a few shapes dynamo stops compiling and runs eagerly without a word: that would be timed under a wrong name."""
    import torch._dynamo

    config = torch._dynamo.config
    for name in ("cache_size_limit", "accumulated_cache_size_limit", "recompile_limit", "accumulated_recompile_limit"):
        if hasattr(config, name):
            setattr(config, name, 1 << 20)


def captured(run):
    """Warm-up on a side stream, as the documentation of torch.cuda.CUDAGraph asks; outputs are then the graph's own."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = run()

    def replay():
        graph.replay()
        return outputs

    # the graph knows addresses only: what lives there (inputs, buffers of the program) lives as long as the program does
    replay.program = run
    return replay
