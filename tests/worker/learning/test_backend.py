import os
import subprocess
import sys

import pytest

from worker.learning import backend


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "OMP_"))}
    return subprocess.run(
        [sys.executable, "-c", code], env=inherited | environment, capture_output=True, text=True, check=False
    )


def test_configuring_imports_neither_keras_nor_tensorflow():
    done = _run(
        "import sys; from worker.learning import backend; backend.configure(threads=1);"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_a_variable_that_the_operator_set_is_kept():
    done = _run(
        "import os; from worker.learning import backend; backend.configure(threads=2);"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['TF_NUM_INTRAOP_THREADS'])",
        TF_ENABLE_ONEDNN_OPTS="0",
    )

    assert done.stdout.split() == ["0", "2"], done.stderr


def test_fewer_than_one_thread_is_refused():
    with pytest.raises(ValueError, match="threads=0"):
        backend.configure(threads=0)


def test_a_failing_import_shows_what_was_said_and_a_good_one_shows_nothing():
    failing = _run("from worker.learning import backend; backend.load()", KERAS_BACKEND="abacus")

    assert failing.returncode != 0
    assert "abacus" in failing.stderr
