"""Starts ranks, hands each call to all of one number of them, and watches: one that dies or gives no answer is named, and all are ended.

Speaks the torch engine's protocol (../torch/host.py). Ranks are forks of this process, which has loaded torch and done nothing with it;
those of one number (`options.ranks` of a case) live on between cases. README.md says what is watched.
"""
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(FOLDER, "..", "torch")]

import host  # noqa: E402

# seconds that ranks may answer apart, beside what their case may take
APART_S = 1.0


class Gone(Exception):
    """A rank is lost, and with it all that was prepared: one sentence."""


class Member:
    """A rank as its parent sees it."""

    def __init__(self, rank, size, pid, link):
        self.rank, self.size, self.pid, self.link = rank, size, pid, link
        self.reader = link.makefile("rb")

    def __str__(self):
        return f"rank {self.rank} of {self.size}"

    def send(self, request, data):
        self.link.sendall(json.dumps({**request, "bytes": len(data)}).encode() + b"\n" + data)

    def receive(self):
        """@raises Gone where it has ended"""
        line = self.reader.readline()
        if not line:
            _, status = os.waitpid(self.pid, 0)
            raise Gone(f"{self} {how_it_ended(status)}")
        reply = json.loads(line)
        return reply, self.reader.read(reply["bytes"])


def how_it_ended(status):
    if os.WIFSIGNALED(status):
        return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with code {os.WEXITSTATUS(status)}"


class Ranks:
    """Processes of one group."""

    def __init__(self, size, device, others):
        """@param others groups that live already: a rank keeps none of their links open"""
        import group
        import torch.distributed  # noqa: F401

        self.size, self.limit_s = size, 60.0
        self.board = group.Board(size)
        self.store = Store()
        self.members = []
        for rank in range(size):
            ours, theirs = socket.socketpair()
            pid = os.fork()
            if pid == 0:
                for link in [ours, *(member.link for ranks in [*others, self] for member in ranks.members)]:
                    link.close()
                be_rank(rank, size, theirs, self.store.path, self.board)
            theirs.close()
            self.members.append(Member(rank, size, pid, ours))
        self.described = self.call({"call": "open", "body": {"device": device}}, b"")[0][0]
        self.store.remove()

    def call(self, request, data):
        """@returns what each rank answered, and the data of rank 0 @raises Gone; Refusal where all ranks raised"""
        for member in self.members:
            try:
                member.send(request, data)
            except OSError:
                # its end is told below
                pass
        replies = self._replies()
        refused = [reply for reply, _ in replies if not reply["ok"]]
        if len(refused) == self.size:
            raise Refusal(refused[0])
        if refused:
            raise Gone(refused[0]["error"])
        return [reply["value"] for reply, _ in replies], replies[0][1]

    def _replies(self):
        replies, failed, first = {}, None, None
        while len(replies) < self.size:
            waiting = [member for member in self.members if member.rank not in replies]
            # while none has answered all may be at work: how long that may take, whoever asks this process knows
            left = None if first is None else first - time.monotonic() + APART_S + (0 if failed else self.limit_s)
            ready, _, _ = select.select([member.link for member in waiting], [], [], None if left is None else max(0, left))
            if not ready:
                raise Gone(self._late(waiting, failed))
            for member in waiting:
                if member.link in ready:
                    replies[member.rank] = member.receive()
                    first = first or time.monotonic()
                    if not replies[member.rank][0]["ok"]:
                        failed = failed or replies[member.rank][0]["error"]
        return [replies[rank] for rank in range(self.size)]

    def _late(self, waiting, failed):
        """One that is at work is what those wait for that wait."""
        at_work = [member for member in waiting if not self.board.is_waiting(member.rank)]
        late = ", ".join(map(str, at_work or waiting))
        return f"{failed}; no answer from {late}" if failed else f"no answer from {late} in {self.limit_s + APART_S:.0f} s"

    def end(self):
        for member in self.members:
            try:
                os.kill(member.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Refusal(Exception):
    """What all ranks answered alike."""

    def __init__(self, reply):
        super().__init__(reply["error"])
        self.reply = {key: value for key, value in reply.items() if key != "bytes"}


class Store:
    """Where ranks find each other: a file without a name where the system has such, else one that is removed when all have met."""

    def __init__(self):
        if hasattr(os, "memfd_create"):
            self.descriptor = os.memfd_create("ranks", 0)
            self.path = f"/proc/self/fd/{self.descriptor}"
        else:
            self.descriptor, self.path = tempfile.mkstemp()

    def remove(self):
        os.close(self.descriptor)
        if not self.path.startswith("/proc/"):
            os.path.exists(self.path) and os.remove(self.path)


def be_rank(rank, size, link, store, board):
    """The child's life: it ends with its parent."""
    try:
        host.live_with_parent()
        os.dup2(link.fileno(), 0)
        os.dup2(link.fileno(), 1)
        link.close()
        channel = host.Channel()
        import group
        import rank as ranks

        session = ranks.RankSession(rank, size, lambda machine: group.Group(rank, size, store, board, machine))
        host.serve(channel, session)
    finally:
        os._exit(1)


class Hub:
    """Calls of the engine, each to the ranks that it is for."""

    def __init__(self):
        self.device = None
        self.groups = {}
        # by number: the ranks that have it, its number there, and how long they waited of how long they ran
        self.cases = {}
        self.next = 0

    def answer(self, request, data):
        call, body = request["call"], request.get("body") or {}
        own = getattr(self, "call_" + call, None)
        if own:
            return own(request, body, data)
        if "case" in body:
            ranks, number, _ = self.cases[body["case"]]
            values, back = ranks.call({**request, "body": {**body, "case": number}}, data)
            return values[0], back
        values, back = self.ranks(1).call(request, data)
        return values[0], back

    def ranks(self, size):
        if size not in self.groups:
            self.groups[size] = Ranks(size, self.device, self.groups.values())
        return self.groups[size]

    def call_open(self, _request, body, _data):
        self.device = body["device"]
        return self.ranks(1).described, b""

    def call_prepare(self, request, body, data):
        ranks = self.ranks(body["options"]["ranks"])
        ranks.limit_s = body["constants"]["limitS"]
        values, _ = ranks.call(request, data)
        self.next += 1
        self.cases[self.next] = (ranks, values[0]["case"], [0, 0])
        return {**values[0], "case": self.next, "bytes": sum(value["bytes"] for value in values)}, b""

    def call_dispose(self, request, body, data):
        ranks, number, _ = self.cases.pop(body["case"])
        ranks.call({**request, "body": {"case": number}}, data)
        return None, b""

    def call_once(self, request, body, data):
        for one in body["cases"]:
            ranks, number, _ = self.cases[one]
            ranks.call({**request, "body": {"cases": [number]}}, data)
        return None, b""

    def call_time(self, request, body, data):
        """From the first rank's start to the last one's end, run by run."""
        host_ns, device_ns = 0.0, 0.0
        for one in body["cases"]:
            ranks, number, shares = self.cases[one]
            values, _ = ranks.call({**request, "body": {**body, "cases": [number]}}, data)
            runs = list(zip(*(value["spans"] for value in values)))
            host_ns += sum(max(end for _, end in run) - min(start for start, _ in run) for run in runs) / len(runs)
            clocks = list(zip(*(value["deviceNs"] for value in values)))
            device_ns += sum(max(run) for run in clocks) / len(runs) if clocks[0][0] is not None else 0
            if values[0]["quietNs"]:
                with_calls = sum(max(run) for run in clocks) / len(runs)
                shares[0] += with_calls - max(value["quietNs"][0] for value in values)
                shares[1] += with_calls
            else:
                shares[0] += sum(value["waitedNs"] for value in values)
                shares[1] += sum(end - start for run in runs for start, end in run)
        return {"hostNs": host_ns, **({"deviceNs": device_ns} if device_ns else {}), "told": {}}, b""

    def call_traffic(self, request, body, data):
        """Of one run: calls and bytes by operation; and the share of their timed time that ranks waited in calls, null before there is any."""
        ranks, number, (waited, ran) = self.cases[body["case"]]
        values, _ = ranks.call({**request, "body": {"case": number}}, data)
        sent = {}
        for value in values:
            for name, (calls, size) in value.items():
                # all take part in one sum; a message is its sender's
                known = sent.get(name, (0, 0))
                sent[name] = (calls, size) if name == "all_reduce" else (known[0] + calls, known[1] + size)
        return {"sent": sent, "waited": max(0, waited) / ran if ran else None}, b""


def main():
    host.live_with_parent()
    channel = host.Channel()
    try:
        import torch.distributed as dist
    except Exception as error:
        channel.send({"ok": False, "absent": True, "error": host.one_line(error)})
        return
    if not dist.is_available():
        channel.send({"ok": False, "absent": True, "error": "this torch is built without torch.distributed"})
        return
    hub = Hub()
    while True:
        request, data = channel.receive()
        try:
            value, back = hub.answer(request, data)
            channel.send({"ok": True, "value": value}, back)
        except Refusal as refusal:
            channel.send(refusal.reply)
        except Gone as gone:
            channel.send({"ok": False, "gone": True, "error": str(gone)})
            for ranks in hub.groups.values():
                ranks.end()
            return


main()
