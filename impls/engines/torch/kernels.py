"""A kernel of a user: `prepare(inputs, outputs, dims, options)` returns a run without arguments that writes into `outputs`."""
import time

import replays
import torch
import watch
from user_code import KernelError, Settings, guarded, only_here, sentence

# a longer run is not worth its time again
LOOKED_AT_S = 1


class Named(dict):
    """A dict whose members are attributes too: dims["length"] is dims.length."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name}; there are {', '.join(self)}") from None


class Inputs(Named):
    """Tensors that change in place between runs: what is made of them before timing is made again when they do."""

    def __init__(self, tensors, derive):
        super().__init__(tensors)
        dict.__setattr__(self, "derive", derive)


class Outputs(Named):
    """What a run writes into; other tensors in their place would never be looked at."""

    def __setitem__(self, name, _value):
        raise TypeError(f'outputs["{name}"] is to be written into: outputs["{name}"][...] = value, or .copy_(value)')

    __setattr__ = __setitem__


class Kernel:
    """A prepared kernel: called, it runs once and gives the outputs in the operator's own order of axes."""

    def __init__(self, load, problem, body, inputs, machine):
        """@param load gives the file as a module"""
        self.file, self.machine = body["file"], machine
        self.settings = Settings(machine.threads)
        # what its runs do beside computing, once that was looked at
        self.told = None
        # of its last run outside of the clock
        self.last_s = 0.0
        self.derived = 0
        orders = body["kernel"]["orders"]
        self.orders = {name: order for name, order in orders.items() if name in body["outputs"]}
        self._make_outputs(body, problem)
        given = {name: in_order(problem, tensor, orders.get(name)) for name, tensor in inputs.items()}
        options = Named({**body["settings"], **body["kernel"]["given"]})
        arguments = Inputs(given, lambda make: self._derive(problem, make)), Outputs(self.theirs), Named(body["dims"]), options
        self.run = self._guarded(lambda: run_of(load(), arguments))
        if machine.captures:
            self._capture()

    def _make_outputs(self, body, problem):
        """Tensors that the kernel writes, and aliases of them in the operator's order, which keep memory, shape and dtype."""
        self.theirs, self.ours = {}, {}
        for name, shape in body["outputs"].items():
            order = self.orders.get(name) or list(range(len(shape)))
            dtype = torch.float32 if name in body["kernel"]["f32"] else problem.dtype
            self.theirs[name] = torch.empty([shape[axis] for axis in order], dtype=dtype, device=problem.device)
            self.ours[name] = self.theirs[name].detach().permute(back(order))
        self.places = {name: place(tensor) for name, tensor in self.theirs.items()}

    def _derive(self, problem, make):
        if not callable(make):
            raise TypeError("inputs.derive takes a function that makes the tensor, such as lambda: -inputs.logA")
        self.derived += 1
        return problem.derive(make)

    def _guarded(self, call):
        return guarded(call, self.file, self.settings)

    def _capture(self):
        """Compiled and captured before timing, where the run can be; what it does is looked at while Python still runs it."""
        self.checked()
        # the first one compiles
        self.checked()
        seen = self.look()
        why = "it waits for the device" if seen is not None and seen.waits else None
        if why is None:
            try:
                self.run = replays.captured(self.run)
            except Exception as error:
                why = sentence(error, self.file)
        launched = "kernels launched together (CUDA graph)" if why is None else f"launched one by one: no CUDA graph, {why}"
        self.told = f"{launched}; {self.told}"

    def look(self):
        """One run under observation; `told` then says what it did beside computing."""
        seen = None
        if self.last_s > LOOKED_AT_S:
            what = f"not looked into: a run takes more than {LOOKED_AT_S} s"
        else:
            try:
                seen = self._guarded(lambda: watch.look(self.run, self.machine.device))
                what = "not looked into: this torch has no dispatch modes" if seen is None else seen.sentence()
            except KernelError as error:
                # a run that is right by itself: what it uses cannot be looked at
                what = f"not looked into: {error}"
        before = [f"{watch.count(self.derived, 'tensor')} made of its inputs before timing"] if self.derived else []
        self.told = "; ".join([*before, what])
        return seen

    def __call__(self):
        try:
            result = self.run()
        except BaseException as error:
            only_here()
            raise KernelError(sentence(error, self.file)) from None
        only_here()
        # a library that makes its outputs itself gives them back: copying them would be timed
        return self._in_our_order(result) if isinstance(result, dict) else self.ours

    def _in_our_order(self, result):
        if not self.orders:
            return result
        return {**result, **{name: result[name].permute(back(order)) for name, order in self.orders.items()}}

    def checked(self):
        """A run outside of the clock: outputs stay where they are, torch has as many threads as the case."""
        start = time.monotonic()
        try:
            outputs = self()
            self.machine.finish()
            self.last_s = time.monotonic() - start
            fault = self._fault(outputs)
            if fault is not None:
                raise KernelError(fault)
            return outputs
        finally:
            self.settings.put_back()

    def _fault(self, outputs):
        if torch.get_num_threads() != self.settings.threads:
            return f"its run sets torch to {torch.get_num_threads()} threads, this case has {self.settings.threads}"
        for name, tensor in outputs.items():
            device = getattr(tensor, "device", None)
            if device != self.machine.device:
                return f"its run gives {name} on {device}, expected a tensor on {self.machine.device}"
        for name, tensor in self.theirs.items():
            if place(tensor) != self.places[name]:
                return f'its run makes another tensor of outputs["{name}"]; write into the one that is there'
        return None


def run_of(module, arguments):
    if not callable(getattr(module, "prepare", None)):
        raise KernelError("the file defines no function prepare(inputs, outputs, dims, options)")
    run = module.prepare(*arguments)
    if not callable(run):
        what = "nothing" if run is None else type(run).__name__
        raise KernelError(f"prepare() must return a function without arguments, got {what}")
    return run


def in_order(problem, tensor, order):
    """An input as the kernel wants it; made again when inputs change."""
    return tensor if order is None else problem.derive(lambda: tensor.permute(order).contiguous())


def back(order):
    """From a kernel's order of axes to the operator's."""
    return [order.index(axis) for axis in range(len(order))]


def place(tensor):
    return tensor.data_ptr(), tuple(tensor.shape), tensor.dtype, tensor.stride()
