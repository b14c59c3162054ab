"""Code of a user in the process of the engine: what it raises becomes one sentence with its place, what it changes of torch is put back."""
import os
import traceback

import torch
from host_machine import flag


class KernelError(Exception):
    """What a user's file did or raised, as one sentence with the place in it."""


HOME = os.getpid()


def only_here():
    """A program that forks comes back twice: its other half must neither answer nor run (and fork) again."""
    if os.getpid() != HOME:
        os._exit(0)


def guarded(call, file, settings):
    try:
        return call()
    except BaseException as error:
        only_here()
        # a class of theirs by that name says that the kernel does not take this problem
        if type(error).__name__ == "Unsupported":
            raise
        raise KernelError(sentence(error, file)) from None
    finally:
        only_here()
        settings.put_back()


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
