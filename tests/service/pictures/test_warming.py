"""The plotting library is made ready in the background, wherever the service's home may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import pathlib, sys, threading, numpy
from service.pictures import heat_map, warming
warming.start(pathlib.Path(sys.argv[1]))
[thread.join() for thread in threading.enumerate() if thread.name == "warming"]
print("matplotlib.figure" in sys.modules)
print(heat_map.HeatMap("Title", "", ("a", "b"), numpy.eye(2), False).drawn_as("png").draw()[:4])
"""


@pytest.mark.parametrize("is_writable", [True, False])
def test_the_library_is_ready_soon_and_needs_no_home(tmp_path: Path, is_writable: bool) -> None:
    home = tmp_path / "home"
    if not is_writable:
        home.touch()  # a file where the folder should be: not even root can write there

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(home)],
        env={name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert ended.stdout.split("\n")[:2] == ["True", r"b'\x89PNG'"]
    assert "Traceback" not in ended.stderr
    assert (home / "matplotlib").is_dir() == is_writable
