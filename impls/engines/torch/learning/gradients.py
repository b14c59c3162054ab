"""Losses and gradients of models in float64 by autograd, and the times of steps in f32: what ours are held against."""

import json
import sys
import time

import torch

import begin
import model


def asked(spec, tokens, targets):
    """Places and answers of the queries, as many in each sequence."""
    places = (targets >= 0).nonzero()[:, 1].reshape(spec["batch"], -1)
    return tokens, places, targets.gather(1, places)


def answer(wanted):
    spec, shape = wanted["spec"], (wanted["spec"]["batch"], -1)
    tokens, targets = (torch.tensor(wanted[name]).reshape(shape) for name in ("tokens", "targets"))
    with open(wanted["theta"], "rb") as file:
        theta = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    examples = asked(spec, tokens, targets)

    def step(theta):
        loss, right = model.loss(theta, spec["layout"], spec["layers"], *examples)
        return loss, right, torch.autograd.grad(loss, theta)[0]

    loss, right, gradient = step(theta.double().requires_grad_())
    with open(wanted["out"], "wb") as file:
        file.write(gradient.numpy().tobytes())
    if "begin" in wanted:
        with open(wanted["begin"], "wb") as file:
            file.write(begin.parameters(spec).numpy().tobytes())
    torch.set_num_threads(wanted.get("threads", torch.get_num_threads()))
    times = []
    for _ in range(wanted.get("repeats", 0)):
        start = time.perf_counter()
        step(theta.clone().requires_grad_())
        times.append((time.perf_counter() - start) * 1e9)
    return {"loss": float(loss), "correct": int(right), "stepNs": times, "threads": torch.get_num_threads()}


def main():
    print(json.dumps([answer(wanted) for wanted in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
