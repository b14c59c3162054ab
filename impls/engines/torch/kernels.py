"""A kernel of a user: `prepare(inputs, outputs, dims, options)` returns a run without arguments that writes into `outputs`."""
import torch


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


def prepare(module, problem, body, inputs):
    """@returns a run that gives the outputs in the operator's own order of axes"""
    kernel, dtype, device = body["kernel"], problem.dtype, problem.device
    orders = kernel["orders"]
    given, theirs, ours = Named(), {}, {}
    for name, tensor in inputs.items():
        order = orders.get(name)
        given[name] = tensor if order is None else problem.derive(lambda t=tensor, o=order: t.permute(o).contiguous())
    for name, shape in body["outputs"].items():
        order = orders.get(name) or list(range(len(shape)))
        kind = torch.float32 if name in kernel["f32"] else dtype
        tensor = torch.empty([shape[axis] for axis in order], dtype=kind, device=device)
        # an alias: whatever is done to the tensor that the kernel holds, this one keeps memory, shape and dtype
        ours[name] = tensor.detach().permute([order.index(axis) for axis in range(len(shape))])
        theirs[name] = tensor
    outputs = Outputs(theirs)
    places = {name: place(tensor) for name, tensor in theirs.items()}
    if not callable(getattr(module, "prepare", None)):
        raise TypeError("the file defines no function prepare(inputs, outputs, dims, options)")
    run = module.prepare(given, outputs, Named(body["dims"]), Named({**body["settings"], **kernel["given"]}))
    if not callable(run):
        raise TypeError(f"prepare() must return a function without arguments, got {type(run).__name__}")

    def step():
        run()
        for name, tensor in theirs.items():
            if place(tensor) != places[name]:
                raise TypeError(f'the run changes what outputs["{name}"] is: {said(tensor)}, expected {places[name][1:]}')
        return ours

    return step


def place(tensor):
    return tensor.data_ptr(), tuple(tensor.shape), tensor.dtype, tensor.stride()


def said(tensor):
    return place(tensor)[1:]
