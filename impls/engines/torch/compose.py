"""Programs made of programs: a block of its parts, gradients of a forward pass."""
import importlib.util
import os
import types


def program_of(file, operator, form):
    """The program `form` of another operator, from the folder of a program `file`."""
    folder = os.path.join(os.path.dirname(file), "..", "..", operator, "torch")
    path = os.path.normpath(os.path.join(folder, f"{form}.py"))
    spec = importlib.util.spec_from_file_location(f"dualbench_{operator}_{form.replace('.', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Stage:
    """A part's own program, on tensors that lie between two stages in place of a problem's inputs."""

    def __init__(self, whole, program, names, dims, settings=None, constants=None):
        """@param names of the part's inputs: those that a call does not give are absent"""
        self.inputs = types.SimpleNamespace(**dict.fromkeys(names))
        self.run = program.prepare(
            types.SimpleNamespace(
                dims=types.SimpleNamespace(**dims),
                settings=types.SimpleNamespace(**(settings or {})),
                constants=types.SimpleNamespace(**(constants or {})),
                inputs=self.inputs,
                options=whole.options,
                dtype=whole.dtype,
                device=whole.device,
            )
        )

    def __call__(self, **inputs):
        """@returns the part's outputs by name"""
        for name, tensor in inputs.items():
            setattr(self.inputs, name, tensor)
        return self.run()
