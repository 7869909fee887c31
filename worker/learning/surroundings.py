"""What a training is made with, beside its specification: versions, hardware, settings. Its weights follow from them, too."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import keras

CPU_INFO: Final = Path("/proc/cpuinfo")
NVIDIA: Final = Path("/proc/driver/nvidia/gpus")

PACKAGES: Final = ("cyfra", "keras", "numpy", "onnxruntime")
INSTRUCTIONS: Final = (
    *("fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "sve", "sve2", "bf16", "i8mm"),
)
"""Those by which oneDNN, Eigen and XLA choose their kernels, as Linux calls them."""
VARIABLES: Final = (
    *("TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"),
    *("TF_DETERMINISTIC_OPS", "TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE", "TF_CUDNN_DETERMINISTIC"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
)
"""Environment variables that change in which order numbers are added up, or how exactly."""
LONGEST: Final = 200


@dataclass(frozen=True)
class Hardware:
    """A machine, as far as weights follow from it. `cores` are those that this process may use."""

    machine: str
    cpu: str
    cores: int
    instructions: tuple[str, ...]
    gpus: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """Everything beside the specification. `threads` is what one operation uses, `environment` what is set of `VARIABLES`."""

    backend: str
    versions: Mapping[str, str]
    hardware: Hardware
    threads: int
    precision: str
    environment: Mapping[str, str]


def describe(cpu_info: Path = CPU_INFO, nvidia: Path = NVIDIA) -> Surroundings:
    """Return what this process trains with; Linux and NVIDIA's driver tell of the hardware at `cpu_info` and `nvidia`."""
    backend = keras.backend.backend()
    hardware = _hardware(cpu_info, nvidia)
    environment = {name: _text(os.environ[name]) for name in VARIABLES if name in os.environ}
    threads = environment.get("TF_NUM_INTRAOP_THREADS" if backend == "tensorflow" else "OMP_NUM_THREADS", "")
    return Surroundings(
        backend=backend,
        versions=_versions(backend),
        hardware=hardware,
        threads=int(threads) if threads.isdecimal() and int(threads) > 0 else hardware.cores,
        precision=str(keras.config.dtype_policy().name),
        environment=environment,
    )


def _versions(backend: str) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    # The module itself knows best: TensorFlow comes in packages of several names.
    found[backend] = str(getattr(sys.modules.get(backend), "__version__", "unknown"))
    return found


def _hardware(cpu_info: Path, nvidia: Path) -> Hardware:
    about = _about_cpu(cpu_info)
    flags = set(about.get("flags", about.get("Features", "")).split())
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Hardware(
        machine=platform.machine(),
        cpu=about.get("model name") or _text(platform.processor()) or platform.machine(),
        cores=usable,
        instructions=tuple(name for name in INSTRUCTIONS if name in flags),
        gpus=_gpus(nvidia),
    )


def _about_cpu(cpu_info: Path) -> dict[str, str]:
    """What Linux says of the first processor; nothing elsewhere."""
    try:
        first = cpu_info.read_text(errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _gpus(nvidia: Path) -> tuple[str, ...]:
    """The GPUs that the backend uses, by name where the driver tells it, otherwise by Keras' (`gpu:0`)."""
    names = gpu_names(nvidia)
    if keras.backend.backend() == "torch":  # Keras does not ask it
        return names
    try:
        used = [str(device) for device in keras.distribution.list_devices("gpu")]
    except (AttributeError, NotImplementedError, RuntimeError):  # JAX raises where there are none
        return ()
    return names[: len(used)] if len(names) >= len(used) else tuple(used)


def gpu_names(nvidia: Path) -> tuple[str, ...]:
    """Return the name of each card that NVIDIA's driver knows, in the order of their places on the bus."""
    try:
        files = sorted(nvidia.glob("*/information"))
        lines = [line for file in files for line in file.read_text(errors="replace").splitlines()]
    except OSError:
        return ()
    return tuple(_text(line.partition(":")[2].strip()) for line in lines if line.startswith("Model"))


def _text(value: str) -> str:
    """Return what any database stores: no lone surrogates, and no end without end."""
    return value.encode("utf-8", "replace").decode()[:LONGEST]
