"""What a training is made with, as the process and Linux tell it."""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

import keras
import pytest

from worker.learning.surroundings import describe, gpu_names

X86 = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Platinum 8480+
flags\t\t: fpu sse2 fma avx2 avx512f avx512_vnni amx_tile amx_bf16

processor\t: 1
model name\t: another
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp sve bf16 i8mm\nCPU implementer\t: 0x41\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(text)
    return path


def test_the_versions_are_those_that_are_loaded():
    found = describe()

    assert found.backend == keras.backend.backend()
    assert found.versions["keras"] == keras.__version__
    assert found.versions["python"] == platform.python_version()
    assert found.versions.keys() >= {"cyfra", "numpy", "onnxruntime", found.backend}
    assert found.precision == "float32"
    assert json.loads(json.dumps(asdict(found)))["hardware"]["cores"] == len(os.sched_getaffinity(0))


def test_the_processor_is_named_with_the_instruction_sets_that_matter(tmp_path: Path):
    hardware = describe(written(tmp_path, X86)).hardware

    assert hardware.cpu == "Intel(R) Xeon(R) Platinum 8480+"
    assert hardware.instructions == ("fma", "avx2", "avx512f", "avx512_vnni", "amx_tile", "amx_bf16")


def test_a_processor_without_a_name_is_known_by_its_kind_and_its_features(tmp_path: Path):
    hardware = describe(written(tmp_path, ARM)).hardware

    assert hardware.cpu
    assert hardware.instructions == ("asimd", "asimddp", "sve", "bf16", "i8mm")


@pytest.mark.parametrize("text", ["", "\x00\xff : :: \n", ":"])
def test_what_linux_does_not_tell_is_left_out(tmp_path: Path, text: str):
    assert describe(written(tmp_path, text)).hardware.instructions == ()
    assert describe(tmp_path / "not there", tmp_path / "not there").hardware.cpu


def gpus() -> list[str]:
    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:  # so JAX says that there are none
        return []


def test_cards_are_named_by_the_driver_and_only_where_the_backend_uses_them(tmp_path: Path):
    for place in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 42\n")

    names = gpu_names(tmp_path)
    used = describe(nvidia=tmp_path).hardware.gpus

    assert names == ("NVIDIA H100 80GB HBM3",) * 2
    assert len(used) == len(gpus())
    assert gpu_names(tmp_path / "not there") == ()


def test_settings_that_change_how_numbers_are_added_up_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    monkeypatch.setenv("XLA_FLAGS", "\udcff" + "x" * 5000)
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")

    found = describe()

    assert found.environment["TF_NUM_INTRAOP_THREADS"] == "7"
    assert found.threads == (7 if found.backend == "tensorflow" else found.threads)
    assert found.environment["XLA_FLAGS"].encode()[:2] == b"?x"
    assert len(found.environment["XLA_FLAGS"]) == 200
    assert "hunter2" not in json.dumps(asdict(found))


@pytest.mark.parametrize("value", ["", "many", "0", "-2", "²"])
def test_a_number_of_threads_that_is_none_is_as_many_as_there_are_cores(monkeypatch: pytest.MonkeyPatch, value: str):
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(variable, value)

    found = describe()

    assert found.threads == found.hardware.cores
