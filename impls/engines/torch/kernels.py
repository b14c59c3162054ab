"""A kernel of a user: `prepare(inputs, outputs, dims, options)` returns a run without arguments that writes into `outputs`.

Whatever such a file does to the process that others share is put back after each call into it.
"""
import os
import time
import traceback

import replays
import torch
import watch
from host_machine import flag


# a longer run is not worth its time again
LOOKED_AT_S = 1


class KernelError(Exception):
    """What a user's file did or raised, as one sentence with the place in it."""


class Named(dict):
    """A dict whose members are attributes too: dims["length"] is dims.length."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name}; there are {', '.join(self)}") from None


class Outputs(Named):
    """What a run writes into; other tensors in their place would never be looked at."""

    def __setitem__(self, name, _value):
        raise TypeError(f'outputs["{name}"] is to be written into: outputs["{name}"][...] = value, or .copy_(value)')

    __setattr__ = __setitem__


class Kernel:
    """A prepared kernel: called, it runs once and gives the outputs in the operator's own order of axes."""

    def __init__(self, load, problem, body, inputs, machine):
        """@param load gives the file as a module"""
        self.file = body["file"]
        self.machine = machine
        self.settings = Settings(machine.threads)
        self.told = None
        # of its last run outside of the clock
        self.last_s = 0.0
        kernel, orders = body["kernel"], body["kernel"]["orders"]
        given = Named({name: in_order(problem, tensor, orders.get(name)) for name, tensor in inputs.items()})
        self.theirs, self.ours = Outputs(), {}
        for name, shape in body["outputs"].items():
            dtype = torch.float32 if name in kernel["f32"] else problem.dtype
            tensor, self.ours[name] = output(shape, orders.get(name), dtype, problem.device)
            dict.__setitem__(self.theirs, name, tensor)
        self.places = {name: place(tensor) for name, tensor in self.theirs.items()}
        options = Named({**body["settings"], **kernel["given"]})
        arguments = given, Outputs(self.theirs), Named(body["dims"]), options
        self.run = self.guarded(lambda: made(load(), arguments))
        if machine.captures:
            self._capture()

    def _capture(self):
        """Compiled and captured before timing, where the run can be; what it does is looked at while Python still runs it."""
        self.checked()
        self.checked()
        seen = self.look()
        why = "it waits for the device" if seen is not None and seen.waits else None
        if why is None:
            try:
                replay = replays.captured(self.run)
                self.run = replay
            except Exception as error:
                why = sentence(error, self.file)
        launched = "kernels launched together (CUDA graph)" if why is None else f"launched one by one: no CUDA graph, {why}"
        self.told = "; ".join(part for part in (launched, self.told) if part)

    def look(self):
        """One run under observation; `told` then says what it did beside computing."""
        if self.last_s > LOOKED_AT_S:
            self.told = f"what it does inside a run was not looked at: a run takes more than {LOOKED_AT_S} s"
            return None
        seen = self.guarded(lambda: watch.look(self.run, self.machine.device))
        self.told = "what it does inside a run was not looked at: this torch has no dispatch modes" if seen is None else seen.sentence()
        return seen

    def guarded(self, call):
        """Code of the user: what it raises gets its place, what it changes of torch is put back."""
        try:
            return call()
        except (Exception, SystemExit) as error:
            raise KernelError(sentence(error, self.file)) from None
        finally:
            self.settings.put_back()

    def __call__(self):
        try:
            self.run()
        except (Exception, SystemExit) as error:
            raise KernelError(sentence(error, self.file)) from None
        return self.ours

    def checked(self):
        """A run outside of the clock: it must leave the outputs where they are, and the threads as many."""
        start = time.monotonic()
        try:
            self()
            self.machine.finish()
            self.last_s = time.monotonic() - start
            if torch.get_num_threads() != self.settings.threads:
                raise KernelError(
                    f"its run sets torch to {torch.get_num_threads()} threads, this case has {self.settings.threads}"
                )
            for name, tensor in self.theirs.items():
                if place(tensor) != self.places[name]:
                    raise KernelError(f'its run makes another tensor of outputs["{name}"]; write into the one that is there')
            return self.ours
        finally:
            self.settings.put_back()


def made(module, arguments):
    if not callable(getattr(module, "prepare", None)):
        raise KernelError("the file defines no function prepare(inputs, outputs, dims, options)")
    run = module.prepare(*arguments)
    if not callable(run):
        raise KernelError(f"prepare() must return a function without arguments, got {said(run)}")
    return run


def in_order(problem, tensor, order):
    """An input as the kernel wants it; made again when inputs change."""
    return tensor if order is None else problem.derive(lambda: tensor.permute(order).contiguous())


def output(shape, order, dtype, device):
    """
    @returns the tensor that the kernel writes, and an alias in the operator's order: whatever is done to the kernel's own tensor, the
    alias keeps memory, shape and dtype
    """
    axes = list(range(len(shape)))
    order = axes if order is None else order
    tensor = torch.empty([shape[axis] for axis in order], dtype=dtype, device=device)
    return tensor, tensor.detach().permute([order.index(axis) for axis in axes])


def place(tensor):
    return tensor.data_ptr(), tuple(tensor.shape), tensor.dtype, tensor.stride()


def said(value):
    return "nothing" if value is None else type(value).__name__


class Settings:
    """What a file may change of torch for everybody in this process."""

    FLAGS = (
        (torch.backends.cuda.matmul, "allow_tf32"),
        (torch.backends.cuda.matmul, "allow_fp16_reduced_precision_reduction"),
        (torch.backends.cuda.matmul, "allow_bf16_reduced_precision_reduction"),
        (torch.backends.cudnn, "allow_tf32"),
        (torch.backends.cudnn, "benchmark"),
    )

    def __init__(self, threads):
        """@param threads of the case; None where the machine has none to set"""
        self.dtype = torch.get_default_dtype()
        self.threads = torch.get_num_threads() if threads is None else threads
        self.directory = os.getcwd()
        self.flags = [(owner, name, flag(owner, name)) for owner, name in self.FLAGS if flag(owner, name) is not None]

    def put_back(self):
        if torch.get_default_dtype() != self.dtype:
            torch.set_default_dtype(self.dtype)
        if hasattr(torch, "set_default_device") and torch.empty(0).device.type != "cpu":
            torch.set_default_device(None)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        for owner, name, value in self.flags:
            if getattr(owner, name) != value:
                setattr(owner, name, value)
        if os.getcwd() != self.directory:
            os.chdir(self.directory)


def sentence(error, file):
    """Class, text and the line of the user's file, or of a file beside it, that it came through last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    name = type(error).__name__
    if isinstance(error, SystemExit):
        what = f"it ends its process (exit code {error.code})"
    elif isinstance(error, KernelError):
        what = lines[0]
    else:
        what = f"{name}: {lines[0]}" if lines else name
    at = place_of(error, file)
    return what if at is None else f"{what} ({at})"


def place_of(error, file):
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{shown(error.filename)}:{error.lineno}"
    folder = os.path.dirname(os.path.abspath(file)) + os.sep
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if os.path.abspath(frame.filename) == os.path.abspath(file)]
    beside = [frame for frame in frames if os.path.abspath(frame.filename).startswith(folder)]
    frame = next(reversed(own or beside), None)
    return None if frame is None else f"{shown(frame.filename)}:{frame.lineno}"


def shown(path):
    near = os.path.relpath(path)
    return near if len(near) < len(path) and not near.startswith(os.path.join("..", "..")) else path
