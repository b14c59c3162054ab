"""The device: its clock, its threads, what a reader must know about it, and the roofline it reaches with torch's own products."""
import ctypes
import importlib
import platform
import re
import sys
import time

import torch

# a kernel's file may replace what others find in the module
now_ns = time.perf_counter_ns


def missing(device, package, *modules):
    """A sentence when the kernels of a Python package cannot run on this device, or one of its modules cannot be imported."""
    if device.type != "cuda":
        return f"{package} needs a CUDA device"
    try:
        for module in modules:
            importlib.import_module(module)
    except Exception as error:
        # a package that was built for another torch fails with whatever it likes, over many lines
        return f"the Python package {package} cannot be imported: {type(error).__name__}: {error}".splitlines()[0]
    return None


class DeviceAbsent(Exception):
    """One sentence: what this machine lacks."""


def open_machine(name):
    """@param name cpu, cuda or cuda:N"""
    if name == "cpu":
        return CpuMachine()
    if not torch.cuda.is_available():
        built = torch.version.cuda or getattr(torch.version, "hip", None)
        why = "finds no CUDA device" if built else "is built without CUDA"
        raise DeviceAbsent(f"torch {torch.__version__} {why}")
    index = int(name.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise DeviceAbsent(f"there is no {name}: torch sees {torch.cuda.device_count()} CUDA devices")
    return CudaMachine(index)


def common_details():
    return {"torch": torch.__version__, "python": platform.python_version()}


class CpuMachine:
    # whether kernels of a user are captured as graphs
    captures = False

    def __init__(self):
        self.device = torch.device("cpu")
        # a first product loads the BLAS
        torch.ones(64, 64) @ torch.ones(64, 64)
        self.blas = Blas()
        self.threads = None

    def describe(self):
        return {
            "key": "cpu",
            "kind": "cpu",
            "name": "CPU",
            "details": {**common_details(), "capability": cpu_capability(), **self.blas.details()},
            "warning": self.blas.warning(),
        }

    def use_threads(self, threads):
        if threads == self.threads:
            return
        torch.set_num_threads(threads)
        self.blas.use_threads(threads)
        self.threads = threads

    def finish(self):
        pass

    def release(self):
        pass

    def time(self, steps, repeats):
        start = now_ns()
        for _ in range(repeats):
            for step in steps:
                step()
        return {"hostNs": (now_ns() - start) / repeats}

    def ceilings(self, threads):
        """On as many threads as the cases that it holds for."""
        self.use_threads(threads)
        source, target = torch.ones(1 << 23), torch.empty(1 << 23)
        copy = best(lambda: target.copy_(source), self)
        a, b = torch.ones(768, 768), torch.ones(768, 768)
        product = best(lambda: torch.mm(a, b), self)
        # half types are computed in f32 here: no ceiling of their own
        return {"bytesPerS": 8 * source.numel() / copy, "flopsPerS": {"f32": 2 * 768**3 / product}}


class CudaMachine:
    captures = True
    threads = None

    def __init__(self, index):
        self.index = index
        self.device = torch.device("cuda", index)
        torch.cuda.set_device(index)
        # sums of products stay in f32: what an implementation declares must hold whatever split the library chooses
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        if flag(torch.backends.cuda.matmul, "allow_bf16_reduced_precision_reduction") is not None:
            torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_tf32 = False
        self.start, self.end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def describe(self):
        properties = torch.cuda.get_device_properties(self.index)
        return {
            "key": f"cuda{self.index}",
            "kind": "gpu",
            "name": properties.name,
            "details": {
                **common_details(),
                "cuda": torch.version.cuda or getattr(torch.version, "hip", None),
                "cudnn": torch.backends.cudnn.version(),
                "driver": driver_version(),
                "computeCapability": f"{properties.major}.{properties.minor}",
                "memoryBytes": properties.total_memory,
                "tf32": False,
                "blas": "cuBLAS",
            },
            "warning": None,
        }

    def use_threads(self, _threads):
        pass

    def finish(self):
        torch.cuda.synchronize(self.device)

    def release(self):
        torch.cuda.empty_cache()

    def time(self, steps, repeats):
        """Device time lies between two events on the stream: kernels and the gaps in which they waited for the host."""
        self.finish()
        start = now_ns()
        self.start.record()
        for _ in range(repeats):
            for step in steps:
                step()
        self.end.record()
        self.end.synchronize()
        host = (now_ns() - start) / repeats
        return {"hostNs": host, "deviceNs": self.start.elapsed_time(self.end) * 1e6 / repeats}

    def ceilings(self, _threads):
        device = self.device
        source = torch.ones(1 << 28, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        copy = best(lambda: target.copy_(source), self)
        flops = {}
        for name, dtype, size in (("f32", torch.float32, 4096), ("f16", torch.float16, 8192), ("bf16", torch.bfloat16, 8192)):
            a = torch.ones(size, size, dtype=dtype, device=device)
            flops[name] = 2 * size**3 / best(lambda: torch.mm(a, a), self)
        return {"bytesPerS": 2 * source.numel() / copy, "flopsPerS": flops}


def flag(owner, name):
    """A switch of torch; None where this torch has none of that name, which it tells by one exception or another."""
    try:
        return getattr(owner, name)
    except (AttributeError, AssertionError):
        return None


def best(work, machine):
    """Seconds of the fastest of five, after one to warm up."""
    work()
    times = [machine.time([work], 1) for _ in range(5)]
    return min(one.get("deviceNs", one["hostNs"]) for one in times) / 1e9


def cpu_capability():
    named = getattr(torch.backends.cpu, "get_cpu_capability", None) if hasattr(torch.backends, "cpu") else None
    if named:
        return named()
    found = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    return found.group(1) if found else None


def driver_version():
    """Of NVIDIA's kernel module; null where the system does not say."""
    try:
        with open("/proc/driver/nvidia/version") as file:
            found = re.search(r"(\d+\.\d+(?:\.\d+)?)", file.readline())
        return found.group(1) if found else None
    except OSError:
        return None


class Blas:
    """The library behind torch's products: the one that lies in this process, not the one that was meant."""

    OLD = {"generic", "prescott", "core2", "penryn", "nehalem", "sandybridge", "barcelona", "bobcat", "opteron"}

    def __init__(self):
        # not the one with suffixed names that numpy carries for itself
        self.file = loaded_library(r"/libopenblas[^/]*\.so")
        self.openblas = ctypes.CDLL(self.file) if self.file else None
        self.kernel = None
        if self.openblas is not None:
            self.name = "OpenBLAS"
            self.openblas.openblas_get_config.restype = ctypes.c_char_p
            self.openblas.openblas_get_corename.restype = ctypes.c_char_p
            self.kernel = self.openblas.openblas_get_corename().decode()
            found = re.search(r"OpenBLAS (\S+)", self.openblas.openblas_get_config().decode())
            self.version = found.group(1) if found else None
            return
        config = torch.__config__.show()
        mkl = re.search(r"(?:oneAPI )?Math Kernel Library Version (\S+)", config)
        self.version = mkl.group(1) if mkl else None
        if mkl or torch.backends.mkl.is_available():
            self.name = "MKL"
        elif loaded_library(r"libblis"):
            self.name = "BLIS"
        elif sys.platform == "darwin":
            self.name = "Accelerate"
        elif loaded_library(r"/libblas\.so"):
            self.name = "reference BLAS"
        else:
            found = re.search(r"BLAS_INFO=(\w+)", config)
            self.name = found.group(1) if found else "unknown"

    def details(self):
        version = f" {self.version}" if self.version else ""
        return {"blas": self.name + version, "blasKernel": self.kernel}

    def use_threads(self, threads):
        if self.openblas is not None:
            self.openblas.openblas_set_num_threads(threads)

    def warning(self):
        if self.name == "reference BLAS":
            return "torch multiplies with the reference BLAS, ten times slower than OpenBLAS: apt-get install libopenblas0-pthread"
        if self.kernel and self.kernel.lower() in self.OLD:
            return (
                f"OpenBLAS takes this CPU for {self.kernel} and is several times slower than it could be: "
                "set OPENBLAS_CORETYPE to Haswell (AVX2) or SkylakeX (AVX-512)"
            )
        return None


def loaded_library(pattern):
    """Path of a library in this process whose path matches; known on Linux only."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split(None, 5)[5].strip() for line in maps if line.count("/") > 0}
    except OSError:
        return None
    return next((path for path in sorted(paths) if re.search(pattern, path)), None)
