"""A gated MLP in torch's plain operations (arXiv 2002.05202)."""
import compose


def prepare(problem):
    x = problem.inputs

    def run():
        gate, up = compose.linear(problem, compose.front(problem), x.inProj, x.inBias).chunk(2, -1)
        return {"Y": compose.finish(problem, compose.silu(gate) * up)}

    return run
