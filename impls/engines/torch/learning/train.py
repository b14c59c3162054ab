"""Trains models: specs as JSON on stdin, lines of JSON on stdout. On a GPU all of them at once, each a CUDA graph on a stream."""

import json
import math
import sys
import time

import torch

import begin
import model
from task import Recall

FIRST_TEST = 0x80000000
TEST_SEED = 0
MOST_NORM = 1.0
BETA1, BETA2, ADAM_EPS, WEIGHT_DECAY = 0.9, 0.999, 1e-8, 0.1
# steps whose examples are made at once
AHEAD = 64


def say(**line):
    print(json.dumps(line), flush=True)


class Learner:
    """A model at its training (suites/learning/learner.ts); its state lies on the device, and a step there asks the host for nothing."""

    def __init__(self, spec, device):
        self.spec, self.device = spec, device
        self.theta = begin.parameters(spec).to(device).requires_grad_()
        self.pulled, self.learns = (mask.to(device) for mask in begin.masks(spec))
        self.mean, self.square = torch.zeros_like(self.theta), torch.zeros_like(self.theta)
        number = lambda value: torch.tensor(value, dtype=torch.float64, device=device)
        # steps taken, steps planned, sum of losses since the last point, and the step at which one was no number
        self.count, self.planned, self.sum, self.bad = number(0), number(spec["steps"]), number(0), number(-1)
        # what the host knows without asking the device
        self.taken, self.steps, self.seconds, self.curve, self.stopped = 0, spec["steps"], 0.0, [], None
        task, tests = spec["task"], spec["tests"]
        self.test = self.task(task["pairs"], TEST_SEED).examples(FIRST_TEST + torch.arange(tests, device=device))
        self.stage, self.graph, self.made = -1, None, None
        self.stream = torch.cuda.Stream() if device.type == "cuda" else None

    def task(self, pairs, seed):
        task = self.spec["task"]
        return Recall(task["length"], pairs, task["vocabulary"], task["power"], task["fill"], seed, self.device)

    def loss(self, *examples):
        return model.loss(self.theta, self.spec["layout"], self.spec["layers"], *examples)

    def rate(self):
        spec, at = self.spec, self.count
        up = spec["rate"] * (at + 1) / spec["warmUp"]
        done = ((at - spec["warmUp"]) / (self.planned - spec["warmUp"]).clamp(min=1)).clamp(max=1)
        return torch.where(at < spec["warmUp"], up, spec["rate"] * (1 + (math.pi * done).cos()) / 2)

    def update(self):
        """One step, on the device alone."""
        slot = self.count.long() % AHEAD
        loss, _ = self.loss(*(part.index_select(0, slot[None])[0] for part in self.made))
        (gradient,) = torch.autograd.grad(loss, self.theta)
        with torch.no_grad():
            gradient = gradient * self.learns
            norm = gradient.double().norm()
            fine = torch.isfinite(norm + loss) & (self.bad < 0)
            self.bad.copy_(torch.where(fine | (self.bad >= 0), self.bad, self.count))
            g = gradient * (MOST_NORM / (norm + 1e-6)).clamp(max=1).float()
            rate, number = self.rate(), self.count + 1
            mean, square = BETA1 * self.mean + (1 - BETA1) * g, BETA2 * self.square + (1 - BETA2) * g * g
            size, root = rate / (1 - BETA1**number), (1 - BETA2**number).rsqrt()
            kept = 1 - rate.float() * WEIGHT_DECAY * self.pulled
            theta = self.theta * kept - size.float() * mean / (square.sqrt() * root.float() + ADAM_EPS)
            for old, new in ((self.theta, theta), (self.mean, mean), (self.square, square)):
                old.copy_(torch.where(fine, new, old))
            self.sum.add_(torch.where(fine, loss.double(), torch.zeros_like(self.sum)))
            self.count.add_(1)

    def plan(self, steps):
        self.steps = min(self.steps, steps)
        self.planned.fill_(self.steps)

    def state(self):
        return (self.theta, self.mean, self.square, self.count, self.sum, self.bad)

    def capture(self):
        kept = [part.detach().clone() for part in self.state()]
        for _ in range(3):
            self.update()
        torch.cuda.current_stream().synchronize()
        try:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=self.stream):
                self.update()
        except RuntimeError as error:
            self.graph = None
            say(id=self.spec["id"], note=f"runs without a graph: {error}")
        with torch.no_grad():
            for part, was in zip(self.state(), kept):
                part.copy_(was)

    def prepare(self):
        """Examples of the next steps; a stage with another number of pairs has another graph."""
        spec, batch, stages = self.spec, self.spec["batch"], self.spec["task"]["stages"]
        stage = min(len(stages) - 1, self.taken * len(stages) // self.steps)
        rows = self.taken * batch + torch.arange(AHEAD * batch, device=self.device)
        made = self.task(stages[stage], spec["seed"]).examples(rows)
        made = [part.reshape(AHEAD, batch, -1) for part in made]
        if self.made is not None and stage == self.stage:
            for old, new in zip(self.made, made):
                old.copy_(new)
            return
        self.stage, self.made = stage, made
        if self.stream:
            self.capture()

    def advance(self):
        """One step; made to stand in a row with others' on their streams."""
        if self.taken % AHEAD == 0:
            self.prepare()
        if self.graph:
            self.graph.replay()
        else:
            self.update()
        self.taken += 1

    def look(self):
        """A point of the curve. Waits for the device."""
        bad = int(self.bad)
        if bad >= 0:
            self.stopped = f"the loss or the gradient's norm is no number at step {bad}, seed {self.spec['seed']}"
            self.taken = bad
            return
        losses, right, asked = 0.0, 0, self.test[1].numel()
        with torch.no_grad():
            for part in zip(*(t.split(self.spec["batch"]) for t in self.test)):
                loss, correct = self.loss(*part)
                losses, right = losses + float(loss) * part[1].numel(), right + int(correct)
        since = self.taken - (self.curve[-1]["step"] if self.curve else 0)
        point = {"step": self.taken, "trainLoss": float(self.sum) / since, "testLoss": losses / asked}
        self.curve.append({**point, "accuracy": right / asked})
        self.sum.zero_()
        say(id=self.spec["id"], **self.curve[-1])

    def done(self):
        return self.stopped or self.taken >= self.steps or (
            bool(self.curve) and self.curve[-1]["accuracy"] >= self.spec["enough"])

    def row(self):
        last = self.curve[-1] if self.curve else None
        return {
            "parameters": int(self.learns.sum()),
            **({"status": "stopped", "reason": self.stopped} if self.stopped else {"status": "trained"}),
            "steps": self.steps,
            "stepsTaken": self.taken,
            **({"loss": last["testLoss"], "accuracy": last["accuracy"]} if last else {}),
            "asked": self.test[1].numel(),
            "stepNs": self.seconds * 1e9 / max(1, self.taken),
            "curve": self.curve,
        }


def together(learners, budget):
    """Steps in turns, each on its stream, until all have ended. budget: seconds, to which the number of steps is cut; None for all"""
    start, rounds, measured = time.monotonic(), 0, None
    active = list(learners)
    while active:
        began = time.monotonic()
        for one in active:
            if one.stream:
                with torch.cuda.stream(one.stream):
                    one.advance()
            else:
                one.advance()
        rounds += 1
        if budget and rounds == 2 * AHEAD:
            torch.cuda.synchronize()
            measured = time.monotonic()
        if budget and rounds == 4 * AHEAD:
            torch.cuda.synchronize()
            pace = (time.monotonic() - measured) / (2 * AHEAD)
            fit = rounds + int((budget - (time.monotonic() - start)) / (1.1 * pace))
            for one in active:
                one.plan(fit)
            say(pace=pace, steps=active[0].steps, trainings=len(active))
        for one in active:
            one.seconds += (time.monotonic() - began) / len(active)
            if one.taken % one.spec["every"] == 0 or one.taken >= one.steps:
                if one.stream:
                    one.stream.synchronize()
                one.look()
        for one in [one for one in active if one.done()]:
            active.remove(one)
            say(id=one.spec["id"], row=one.row())


def main():
    asked = json.load(sys.stdin)
    on = asked.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(on)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
    say(device=torch.cuda.get_device_name() if device.type == "cuda" else "cpu", torch=torch.__version__)
    specs = asked["trainings"]
    if device.type == "cuda":
        together([Learner(spec, device) for spec in specs], asked.get("budget"))
    else:
        for spec in specs:
            together([Learner(spec, device)], None)


if __name__ == "__main__":
    main()
