"""The walls: what the API process must never load."""

import subprocess
import sys


def test_the_api_never_loads_keras_or_tensorflow() -> None:
    code = "import sys, service.app; print(sorted({'keras', 'tensorflow', 'worker', 'pandas', 'sklearn'} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    assert loaded == "[]"
