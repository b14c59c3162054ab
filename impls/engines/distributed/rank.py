"""One rank: a session of the torch engine on its part of each problem. What is read is the whole, made of all parts, at rank 0."""
import time

import host_machine
import problem_outputs
import replays
import sessions
import split_sequence  # noqa: F401  (programs ask for it)
import split_tensor  # noqa: F401  (the same)
import torch
from shards import Cut, Whole, is_at


def program_of(case):
    """The Shared that a case runs: a replay has it as its program."""
    return getattr(case.run, "program", case.run)


class RankSession(sessions.Session):
    def __init__(self, rank, size, join):
        """@param join (machine) -> the Group, once the device is open"""
        super().__init__()
        self.rank, self.size, self.join = rank, size, join

    def call_open(self, body, _data):
        device = body["device"]
        self.machine = host_machine.open_machine(f"{device}:{self.rank}" if device == "cuda" else device)
        self.ranks = self.join(self.machine)
        described = self.machine.describe()
        if device == "cuda":
            described["key"] = "cuda"
            described["details"]["devices"] = torch.cuda.device_count()
        described["details"]["backend"] = "nccl" if device == "cuda" else "gloo"
        return described

    def call_prepare(self, body, data):
        self.ranks.limit_s = body["constants"]["limitS"]
        prepared = super().call_prepare(body, data)
        if self.ranks.on_gpu and self.size > 1:
            case = self.cases[prepared["case"]]
            case.quiet = self._quiet(case)
        return prepared

    def _quiet(self, case):
        """The same run without its calls: a device's clock sees no host that waits, but how much longer a run takes with them."""
        program, traffic = program_of(case), program_of(case).traffic
        self.ranks.muted = True
        try:
            run = replays.captured(program) if case.run is not program else None
        finally:
            self.ranks.muted = False
        program.traffic = traffic

        def quiet():
            if run is not None:
                return run()
            self.ranks.muted = True
            try:
                return program.run()
            finally:
                self.ranks.muted = False

        return quiet

    def check(self, _case):
        """Of whole outputs, when they are read."""

    def call_time(self, body, _data):
        """
        @returns by repeat when this rank began and ended, and `deviceNs` where the device has a clock; how long it waited in calls, or on
            a GPU a run's time without them
        """
        cases = [self.cases[number] for number in body["cases"]]
        self.ranks.waited_ns = 0
        spans, device_ns = [], []
        for _ in range(body["repeats"]):
            waited = self.ranks.waited_ns
            self.ranks.meet()
            # waiting for a run to begin is none of its communication
            self.ranks.waited_ns = waited
            start = time.perf_counter_ns()
            timed = self.machine.time([case.step for case in cases], 1)
            spans.append([start, time.perf_counter_ns()])
            device_ns.append(timed.get("deviceNs"))
        quiet_ns = [self.machine.time([case.quiet for case in cases], 3)["deviceNs"]] if hasattr(cases[0], "quiet") else []
        return {"spans": spans, "deviceNs": device_ns, "waitedNs": self.ranks.waited_ns, "quietNs": quiet_ns}

    def call_traffic(self, body, _data):
        """Calls and bytes by operation, of this rank in the last run."""
        return program_of(self.cases[body["case"]]).traffic

    def call_read(self, body, data):
        return self._of_the_whole(body["case"], super().call_read, body, data)

    def call_inspect(self, body, data):
        return self._of_the_whole(body["case"], super().call_inspect, body, data)

    def _of_the_whole(self, number, answer, body, data):
        case = self.cases[number]
        mine = case.outputs
        case.outputs = self._assembled(case)
        try:
            if self.rank > 0:
                return None, b""
            problem_outputs.check(case.outputs, case.shapes, case.dtype)
            return answer(body, data)
        finally:
            case.outputs = mine

    def _assembled(self, case):
        layout, outputs = program_of(case).layout, case.outputs
        if sorted(layout) != sorted(case.shapes):
            raise ValueError(f"the program tells how {', '.join(layout)} are divided, and its outputs are {', '.join(case.shapes)}")
        whole = {}
        for name, shape in case.shapes.items():
            part, place = outputs.get(name), layout[name]
            if isinstance(place, Cut):
                full = torch.empty(shape, dtype=part.dtype, device=part.device) if self.rank == 0 else None
                self._gather(part, full, place)
                whole[name] = full
            else:
                whole[name] = self._one_of(name, part, place)
        return whole

    def _gather(self, part, full, cut):
        if self.rank == 0:
            cut.put(full, part, 0, self.size)
        shape = list(part.shape)

        def received(source):
            sizes = list(shape)
            sizes[cut.axis] = sum(size for _, size in cut.stretches(source, self.size))
            return torch.empty(sizes, dtype=part.dtype, device=part.device)

        for source in range(1, self.size):
            got = self.ranks.hand_over(part, source, received if self.rank == 0 else None)
            if self.rank == 0:
                cut.put(full, got, source, self.size)

    def _one_of(self, name, tensor, place):
        if isinstance(place, Whole):
            _, digest = problem_outputs.survey(tensor)
            others = self.ranks.agree(int(digest[:15], 16))
            if others:
                raise ValueError(f"{name} of rank {others[0]} of {self.size} is not that of rank 0")
            return tensor
        owner = next(rank for rank in range(self.size) if is_at(place, rank, self.size))
        if owner == 0:
            return tensor
        got = self.ranks.hand_over(tensor, owner, lambda _source: torch.empty(tensor.shape, dtype=tensor.dtype, device=tensor.device))
        return got if self.rank == 0 else tensor
