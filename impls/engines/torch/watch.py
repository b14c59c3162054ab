"""What a run does beside computing: tensors that it makes, waits for the device, data that it moves to the host or from it.

Seen from torch's dispatcher, so that what a kernel does by other means (its own allocator, a library called directly) is not seen. On a
GPU the allocator counts for itself.
"""
import contextlib
import warnings
from unittest import mock

import torch

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:
    TorchDispatchMode = None

MIB = 1 << 20
# an operation that brings one number to the host names no tensor there
TO_HOST = ("aten::item", "aten::_local_scalar_dense")


class Seen:
    def __init__(self, device):
        self.device = device
        self.made = 0
        self.bytes = 0
        self.to_host = 0
        self.from_host = 0
        self.waits = 0

    def sentence(self):
        size = f"{self.bytes / MIB:.3g} MiB"
        if self.device.type == "cpu":
            return f"a run makes at least {count(self.made, 'tensor')} ({size})" if self.made else "a run makes no tensor"
        parts = [
            f"allocates {count(self.made, 'tensor')} ({size})" if self.made else "allocates nothing",
            f"waits for the device {count(self.waits, 'time')}" if self.waits else "never waits for the device",
            f"moves data to the host {count(self.to_host, 'time')}" if self.to_host else "moves nothing to the host",
            f"takes data from the host {count(self.from_host, 'time')}" if self.from_host else "",
        ]
        return "a run " + ", ".join(part for part in parts if part)


def count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def look(run, device):
    """One run. @returns Seen, or None where this torch cannot look"""
    if TorchDispatchMode is None:
        return None
    seen = Seen(device)
    with contextlib.ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(allocations(seen))
            stack.enter_context(waits(seen))
        stack.enter_context(observer(seen))
        run()
    return seen


def observer(seen):
    class Observer(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            note(seen, func, list(tensors((args, kwargs))), list(tensors(result)))
            return result

    return Observer()


def note(seen, func, taken, given):
    """One operation: on a CPU which of its results are new, on a GPU what crosses between the device and the host."""
    if seen.device.type == "cpu":
        note_made(seen, taken, given)
    else:
        note_moved(seen, func, taken, given)


def note_made(seen, taken, given):
    known = {storage_of(tensor) for tensor in taken}
    for tensor in given:
        if storage_of(tensor) not in known and tensor.numel() > 0:
            known.add(storage_of(tensor))
            seen.made += 1
            seen.bytes += tensor.numel() * tensor.element_size()


def note_moved(seen, func, taken, given):
    on_device = any(tensor.device.type == seen.device.type for tensor in taken)
    # an operand of one number travels with the launch
    on_host = any(tensor.device.type == "cpu" and tensor.dim() > 0 for tensor in taken)
    # copies name their target first, and give it back
    target = given[0].device.type if given else None
    name = getattr(getattr(func, "_schema", None), "name", None)
    if on_device and (target == "cpu" or name in TO_HOST):
        seen.to_host += 1
    elif on_host and target == seen.device.type:
        seen.from_host += 1


def tensors(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from tensors(one)


def storage_of(tensor):
    storage = tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage()
    return storage.data_ptr()


@contextlib.contextmanager
def allocations(seen):
    """As torch's allocator counts them."""
    before = torch.cuda.memory_stats(seen.device)
    yield
    after = torch.cuda.memory_stats(seen.device)
    seen.made = after["allocation.all.allocated"] - before["allocation.all.allocated"]
    seen.bytes = after["allocated_bytes.all.allocated"] - before["allocated_bytes.all.allocated"]


@contextlib.contextmanager
def waits(seen):
    """Operations that torch itself knows to wait, and calls that ask it to."""

    def counted(original):
        def wait(*args, **kwargs):
            seen.waits += 1
            return original(*args, **kwargs)

        return wait

    owners = [(torch.cuda, "synchronize"), (torch.cuda.Stream, "synchronize"), (torch.cuda.Event, "synchronize")]
    before = torch.cuda.get_sync_debug_mode()
    with contextlib.ExitStack() as stack:
        for owner, name in owners:
            stack.enter_context(mock.patch.object(owner, name, counted(getattr(owner, name))))
        caught = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(before)
            seen.waits += sum("synchronizing CUDA operation" in str(one.message) for one in caught)
