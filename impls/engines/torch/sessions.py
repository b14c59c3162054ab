"""What the engine asks for: open a device, prepare a case from a Python file, run it, time it, read it."""
import gc
import importlib.util
import os
import sys
import time
import types

import compose
import host_machine
import differentiate
import kernels
import problem_inputs
import problem_outputs
import replays
import torch
from host_machine import DeviceAbsent  # noqa: F401  (host.py answers it in its own way)

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


class Case:
    """One prepared problem. `run` returns new outputs or writes into those it returned before."""

    def __init__(self, run, inputs, derived, shapes, dtype, threads):
        self.run = run
        # by name, and what the program made of them before its first run
        self.inputs = inputs
        self.derived = derived
        # rows that another set of inputs has where these have theirs, by the number of that set
        self.kept = {}
        self.shapes = shapes
        self.dtype = dtype
        self.threads = threads
        self.outputs = None

    def step(self):
        # dropped before the run, so that its memory is there for the new ones
        self.outputs = None
        self.outputs = self.run()

    def once(self):
        """A run that nobody times."""
        if isinstance(self.run, kernels.Kernel):
            self.outputs = self.run.checked()
        else:
            self.step()


class Derived:
    """Tensors that a program makes of its inputs before timing (another layout, repeated heads), made again when inputs change."""

    def __init__(self):
        self.made = []

    def make(self, make):
        tensor = make()
        if tensor is not None:
            self.made.append((tensor, make))
        return tensor

    def refresh(self):
        for tensor, make in self.made:
            fresh = make()
            # an input itself, or a view of one: it has changed already
            if fresh.data_ptr() != tensor.data_ptr():
                tensor.copy_(fresh)


def make_inputs(specs, data, device):
    inputs, at = {}, 0
    for name, spec in specs.items():
        dtype = DTYPES[spec["dtype"]]
        if spec["kind"] == "random":
            inputs[name] = problem_inputs.random_tensor(spec, dtype, device)
        else:
            inputs[name] = problem_inputs.given_tensor(spec, data[at : at + spec["bytes"]], dtype, device)
            at += spec["bytes"]
    return inputs


class Session:
    # the processes that share a problem: this one (compose.py)
    ranks = compose.ALONE

    def __init__(self):
        self.machine = None
        self.cases = {}
        self.modules = {}
        self.next = 0

    def answer(self, request, data):
        body = request.get("body") or {}
        # nobody here differentiates; views and in-place writes then cost nothing
        with torch.inference_mode():
            answered = getattr(self, "call_" + request["call"])(body, data)
        return answered if isinstance(answered, tuple) else (answered, b"")

    def forget_failure(self):
        """After an error (often a lack of memory) its tensors must not stay alive through the cache."""
        gc.collect()
        if self.machine is not None:
            self.machine.release()

    def call_open(self, body, _data):
        self.machine = host_machine.open_machine(body["device"])
        return self.machine.describe()

    def call_absent(self, body, _data):
        """Why a file cannot be used on this device, or null."""
        module = self._module(body["file"])
        reason = getattr(module, "absent", lambda device, make: None)(self.machine.device, body.get("make"))
        return reason or replays.absent(body.get("replay"), self.machine.device)

    def call_prepare(self, body, data):
        device = self.machine.device
        # a user's file may be wrong, and is then told by its own loader below
        module = None if body.get("kernel") else self._module(body["file"])
        with differentiate.inputs_for(module):
            inputs = make_inputs(body["inputs"], data, device)
        derived = Derived()
        problem = types.SimpleNamespace(
            derive=derived.make,
            ranks=self.ranks,
            dims=types.SimpleNamespace(**body["dims"]),
            settings=types.SimpleNamespace(**body["settings"]),
            options=types.SimpleNamespace(**body["options"]),
            constants=types.SimpleNamespace(**body["constants"]),
            inputs=types.SimpleNamespace(**{name: inputs.get(name) for name in body["names"]}),
            dtype=DTYPES[body["dtype"]],
            device=device,
        )
        threads = body["options"].get("threads", 1)
        self.machine.use_threads(threads)
        if body.get("kernel"):
            run = kernels.Kernel(lambda: self._module(body["file"]), problem, body, inputs, self.machine)
        else:
            run = replays.wrap(module.prepare(problem), body.get("replay"), self.machine)
            if device.type == "cuda" and getattr(module, "DIFFERENTIATES", False):
                # the first backward pass compiles its kernels and tries their variants: here, where there is time for it
                run()
        self.next += 1
        self.cases[self.next] = Case(run, inputs, derived, body["outputs"], DTYPES[body["dtype"]], threads)
        self.machine.finish()
        bytes_held = sum(tensor.numel() * tensor.element_size() for tensor in inputs.values())
        return {"case": self.next, "bytes": bytes_held, "told": getattr(run, "told", None)}

    def call_poison(self, body, _data):
        case = self.cases[body["case"]]
        if case.outputs is None:
            case.outputs = getattr(case.run, "ours", None) or {
                name: torch.empty(shape, dtype=case.dtype, device=self.machine.device)
                for name, shape in case.shapes.items()
            }
        # in the very memory that the next run gets: what it does not write stays NaN
        problem_outputs.fill_nan(case.outputs)

    def call_rewrite(self, body, _data):
        """Other values for some rows of some inputs, in the memory that the program knows."""
        case = self.cases[body["case"]]
        known = case.kept.pop(body["to"], None)
        before = []
        for i, change in enumerate(body["changes"]):
            spec, tensor = change["spec"], case.inputs[change["name"]]
            first, rows = change["firstRow"], change["rows"]
            whole = tensor.view(spec["rows"], spec["cols"])
            place = whole[first : first + rows]
            # a GPU makes them as fast as it copies, and needs its memory
            if self.machine.device.type == "cpu":
                before.append(place.clone())
            if known is None:
                problem_inputs.write_rows(whole, spec, first, rows)
            else:
                place.copy_(known[i])
        if before:
            case.kept = {body["from"]: before}
        case.derived.refresh()
        self.machine.finish()

    def call_once(self, body, _data):
        for number in body["cases"]:
            case = self.cases[number]
            self.machine.use_threads(case.threads)
            case.once()
            self.check(case)
        self.machine.finish()

    def check(self, case):
        """@raises ValueError when a run did not give the operator's outputs"""
        problem_outputs.check(case.outputs, case.shapes, case.dtype)

    def call_time(self, body, _data):
        cases = [self.cases[number] for number in body["cases"]]
        self.machine.use_threads(max(case.threads for case in cases))
        users = [case.run for case in cases if isinstance(case.run, kernels.Kernel)]
        told = self._look(cases, users)
        gc.disable()
        try:
            return {**self.machine.time([case.step for case in cases], body["repeats"]), "told": told}
        finally:
            gc.enable()
            for kernel in users:
                kernel.settings.put_back()

    def _look(self, cases, users):
        """Before a kernel is timed first, outside of the clock: what a run does, by the case's number."""
        unseen = [kernel for kernel in users if kernel.told is None]
        for kernel in unseen:
            kernel.look()
        numbers = {id(case): number for number, case in self.cases.items()}
        return {str(numbers[id(case)]): case.run.told for case in cases if case.run in unseen}

    def call_read(self, body, _data):
        case = self.cases[body["case"]]
        whole = [case.outputs[name].to(torch.float32).contiguous().cpu() for name in case.shapes]
        return None, b"".join(tensor.numpy().tobytes() for tensor in whole)

    def call_inspect(self, body, _data):
        case = self.cases[body["case"]]
        lanes, found = [], {}
        for name in case.shapes:
            tensor = case.outputs[name].contiguous()
            bad, digest = problem_outputs.survey(tensor)
            found[name] = {"nonFinite": bad, "digest": digest}
            lanes.append(problem_outputs.gather(tensor, body["views"][name], body["signs"]).numpy().tobytes())
        return found, b"".join(lanes)

    def call_dispose(self, body, _data):
        self.cases.pop(body["case"], None)
        self.machine.release()

    def call_random(self, body, _data):
        """One random input as float32, for the test that holds it against impls/random.ts."""
        tensor = problem_inputs.random_tensor(body, DTYPES[body["dtype"]], self.machine.device)
        return None, tensor.to(torch.float32).cpu().numpy().tobytes()

    def call_ceilings(self, body, _data):
        return self.machine.ceilings(body["threads"])

    def call_clock(self, _body, _data):
        return time.time_ns()

    def _module(self, path):
        if path not in self.modules:
            stem = os.path.basename(path).replace(".", "_").replace("-", "_")
            # two files of one name are two modules
            name = f"dualbench_{stem}_{len(self.modules)}"
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            # a program may import its neighbours, and look itself up
            sys.path.insert(0, os.path.dirname(path))
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
            finally:
                sys.path.remove(os.path.dirname(path))
            self.modules[path] = module
        return self.modules[path]
