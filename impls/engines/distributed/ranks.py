"""Ranks as their parent sees them: forked, called all at once, watched while they answer, ended."""
import json
import os
import select
import signal
import socket
import tempfile
import time

import host

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
        import rank as one

        session = one.RankSession(rank, size, lambda machine: group.Group(rank, size, store, board, machine))
        host.serve(channel, session)
    finally:
        os._exit(1)
