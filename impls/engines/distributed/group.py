"""The processes that share a problem: calls of torch.distributed, each with a limit, each counted by a hook on the call itself."""
import mmap
import struct
import time
from datetime import timedelta

import torch
import torch.distributed as dist

# what programs may call; what the harness itself sends (barriers, whole outputs) goes past the hooks
HOOKED = ("isend", "all_reduce")
PLAIN = {name: getattr(dist, name) for name in HOOKED}


class RankLate(Exception):
    """Another rank did not come to a call within the limit."""


class Board:
    """What each rank is doing, in memory that all of them and their parent see: whom to name when one gives no answer."""

    AT_WORK, WAITING = 0, 1

    def __init__(self, size):
        # anonymous and shared: it goes with the last process that has it
        self.memory = mmap.mmap(-1, size * 8)

    def set(self, rank, state):
        struct.pack_into("q", self.memory, rank * 8, state)

    def is_waiting(self, rank):
        return struct.unpack_from("q", self.memory, rank * 8)[0] == self.WAITING


class Group:
    """This process among `size` of them."""

    def __init__(self, rank, size, store, board, machine):
        """@param store path of a file that all ranks can open, where they find each other; None for a single one"""
        self.rank, self.size, self.board = rank, size, board
        self.device = machine.device
        self.on_gpu = self.device.type == "cuda"
        # calls and bytes that this rank gave to each; a run puts its own table here
        self.traffic = {}
        self.waited_ns = 0
        # runs without its calls, to see what they cost: numbers are wrong then
        self.muted = False
        # one call waits so long; a case may ask for more
        self.limit_s = 60.0
        if size > 1:
            more = {"device_id": self.device} if self.on_gpu else {}
            kind = "nccl" if self.on_gpu else "gloo"
            limit = timedelta(seconds=600)
            shared = dist.FileStore(store, size)
            dist.init_process_group(kind, store=shared, rank=rank, world_size=size, timeout=limit, **more)
            for name in HOOKED:
                setattr(dist, name, self._counted(name, PLAIN[name]))
            self.meet()

    def _counted(self, name, call):
        def counted(tensor, *rest, **named):
            self._count(name, tensor)
            return call(tensor, *rest, **named)

        return counted

    def _count(self, name, tensor):
        calls, sent = self.traffic.get(name, (0, 0))
        self.traffic[name] = (calls + 1, sent + tensor.numel() * tensor.element_size())

    # the four calls that programs make

    def send(self, tensor, to):
        """@returns a function that waits until it has left; the tensor lives as long"""
        if self.muted:
            return lambda: None
        tensor = tensor.contiguous()
        work = dist.isend(tensor, to)

        def finish(_kept=tensor):
            self.wait(work, f"rank {to} to receive")

        return finish

    def receive(self, into, source):
        if self.muted:
            return into.zero_()
        self.wait(dist.irecv(into, source), f"rank {source} to send")
        return into

    def exchange(self, tensor, to, into, source):
        """Sends and receives at the same time; None for either that is left out. @returns a function that waits and gives what came"""
        if self.muted:
            return lambda: None if into is None else into.zero_()
        works = []
        tensor = tensor.contiguous()
        if self.on_gpu:
            pairs = [(PLAIN["isend"], tensor, to)] if to is not None else []
            pairs += [(dist.irecv, into, source)] if into is not None else []
            if to is not None:
                self._count("isend", tensor)
            works = dist.batch_isend_irecv([dist.P2POp(*pair) for pair in pairs]) if pairs else []
        else:
            works += [dist.irecv(into, source)] if into is not None else []
            works += [dist.isend(tensor, to)] if to is not None else []

        def finish(_kept=tensor):
            for work in works:
                self.wait(work, "its neighbours")
            return into

        return finish

    def all_reduce(self, tensor):
        """The sum over ranks, as a new tensor. Half types travel in f32 where gloo adds them up: it has no sum of bf16."""
        if self.size == 1 or self.muted:
            return tensor
        # gloo's thread writes it, which knows no inference mode
        with torch.inference_mode(False):
            moved = tensor.clone() if self.on_gpu or tensor.element_size() > 2 else tensor.to(torch.float32)
            # a strided view is taken for a contiguous one, without an error
            moved = moved.contiguous()
        self.wait(dist.all_reduce(moved, async_op=True), "all to add up")
        return moved.to(tensor.dtype)

    def wait(self, work, what):
        if self.on_gpu:
            # on the stream, not here
            work.wait()
            return
        start = time.perf_counter_ns()
        self.board.set(self.rank, Board.WAITING)
        try:
            work.wait(timedelta(seconds=self.limit_s))
        except RuntimeError as error:
            raise RankLate(f"rank {self.rank} of {self.size} waited {self.limit_s:.0f} s for {what}: {error}") from None
        finally:
            self.board.set(self.rank, Board.AT_WORK)
            self.waited_ns += time.perf_counter_ns() - start

    # the harness's own

    def meet(self):
        """All ranks go on from here together; on a GPU its stream does."""
        if self.size == 1:
            return
        if self.on_gpu:
            PLAIN["all_reduce"](torch.zeros(1, device=self.device))
        else:
            self.wait(dist.barrier(async_op=True), "all to meet")

    def hand_over(self, tensor, source, received):
        """One rank's tensor to rank 0, for reading. @param received (source) -> where rank 0 puts it @returns it, at rank 0"""
        if self.rank == source:
            PLAIN["isend"](tensor.contiguous(), 0).wait()
        if self.rank > 0:
            return None
        place = received(source)
        dist.recv(place, source)
        return place

    def agree(self, number):
        """@returns ranks whose number is another one than rank 0's"""
        if self.size == 1:
            return []
        with torch.inference_mode(False):
            mine = torch.tensor([number], dtype=torch.int64, device=self.device)
            all_of_them = [torch.empty_like(mine) for _ in range(self.size)]
            dist.all_gather(all_of_them, mine)
        return [rank for rank, other in enumerate(all_of_them) if int(other) != int(all_of_them[0])]
