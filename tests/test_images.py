"""The images without an engine: their pip lines in clean virtual environments, their commands with the variables they get.

CYFRA_TEST_PYTHON names another Python to make the environments with, the images' own for instance.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests import requirements
from tests.composefile import PASSWORDS, read_compose
from tests.dockerfile import ROOT, read_dockerfile
from tests.waiting import wait_until

PYTHON = Path(os.environ.get("CYFRA_TEST_PYTHON", sys.executable))
FORBIDDEN = {"tensorflow", "keras", "sklearn", "pandas", "pip", "pytest"}

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Image:
    """What an image has: its command, its health check, its variables, its environment of packages."""

    command: list[str]
    health_check: list[str]
    variables: Mapping[str, str]
    venv: Path

    @classmethod
    def build(cls, name: str, folder: Path) -> "Image":
        """Carry out the RUN lines of a target's build stages, in a folder with what they COPY and nothing else."""
        dockerfile = read_dockerfile()
        source, venv, home = folder / "source", folder / "venv", folder / "home"
        home.mkdir(parents=True)
        copy_sources(source, dockerfile.all("build", "COPY"))
        stage = f"build-{name}"
        arguments = dict(text.split("=", 1) for text in dockerfile.all(stage, "ARG"))
        environment = os.environ | dockerfile.environment(stage) | arguments | {"VENV": str(venv)}
        environment |= {"PATH": f"{PYTHON.parent}:/usr/bin:/bin"}
        environment.pop("PYTHONPATH", None)
        for line in dockerfile.all(stage, "RUN"):
            command = re.sub(r"--mount=\S+ *", "", line)
            subprocess.run(["/bin/sh", "-ec", command], cwd=source, env=environment, check=True)
        places = {"/opt/cyfra": str(venv), "/var/lib/cyfra": str(home)}
        variables = {key: replaced(value, places) for key, value in dockerfile.environment(name).items()}
        variables["PATH"] += ":/usr/bin:/bin"
        return cls(dockerfile.command(name), dockerfile.health_check(name), variables, venv)

    def packages(self) -> set[str]:
        """Return what lies in the environment's site-packages."""
        [folder] = self.venv.glob("lib/python3.*/site-packages")
        return {path.name for path in folder.iterdir()}

    def prepared(self, command: list[str], settings: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """Return a command with its program's place, and all the variables that a container has."""
        variables = {**self.variables, **settings}
        return [shutil.which(command[0], path=variables["PATH"]) or command[0], *command[1:]], variables

    def run(self, command: list[str], settings: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        arguments, variables = self.prepared(command, settings)
        return subprocess.run(
            arguments, env=variables, cwd="/", capture_output=True, text=True, check=False, timeout=120
        )

    @contextmanager
    def running(
        self, command: list[str], settings: Mapping[str, str], log: Path
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a command in a process group of its own; what is left of it at the end is killed."""
        arguments, variables = self.prepared(command, settings)
        with log.open("wb") as output:
            process = subprocess.Popen(
                arguments, env=variables, cwd="/", stdout=output, stderr=output, start_new_session=True
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def replaced(text: str, stand_ins: Mapping[str, str]) -> str:
    """Return the text with every key of `stand_ins` replaced by its value."""
    for place, stand_in in stand_ins.items():
        text = text.replace(place, stand_in)
    return text


def copy_sources(folder: Path, copies: list[str]) -> None:
    """Do what COPY does."""
    for text in copies:
        *sources, target = text.split()
        for name in sources:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / target / name)


@pytest.fixture(scope="module")
def site() -> Iterator[dict[str, str]]:
    """Addresses of a broker and of an empty database whose owner is nobody but its owner, as in the compose file."""
    role = f"cyfra_test_{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        try:
            server = stack.enter_context(psycopg.connect(requirements.POSTGRES, autocommit=True))
        except psycopg.OperationalError:
            requirements.missing("PostgreSQL", "CYFRA_TEST_POSTGRES_URL")
        server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORDS['CYFRA_POSTGRES_PASSWORD']}'")
        stack.callback(server.execute, f"DROP ROLE {role}")
        url = stack.enter_context(requirements.postgresql_database())
        server.execute(f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO {role}")
        yield {
            "cyfra:": f"{role}:",
            "@postgres:5432/cyfra": "@" + url.rpartition("@")[2],
            f"redis://:{PASSWORDS['CYFRA_REDIS_PASSWORD']}@redis:6379/0": requirements.redis_url(),
        }


@pytest.fixture(scope="module")
def settings(site: dict[str, str]) -> dict[str, dict[str, str]]:
    """The variables that compose gives to each service, with the servers of this machine."""
    found = {}
    for name, service in read_compose(PASSWORDS)["services"].items():
        variables = dict(service["environment"]) | {"CYFRA_QUEUE_NAME": "test-images"}
        for key, value in variables.items():
            variables[key] = replaced(value, site)
        found[name] = variables
    return found


@pytest.fixture(scope="module")
def service_image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image.build("service", tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def worker_image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image.build("worker", tmp_path_factory.mktemp("worker"))


def test_the_service_has_no_tensorflow_and_nothing_that_it_does_not_run(service_image: Image) -> None:
    packages = service_image.packages()

    assert not FORBIDDEN & packages
    assert {"cyfra", "service", "worker", "migrations", "onnxruntime"} <= packages
    size = sum(path.stat().st_size for path in service_image.venv.rglob("*") if path.is_file())
    assert size < 450e6, f"{size / 1e6:.0f} MB"  # 70 of them for the reports' pictures


def test_the_service_refuses_to_be_open_unless_it_is_told_to(service_image: Image, settings) -> None:
    done = service_image.run(service_image.command, settings["migrate"])

    assert done.returncode == 2
    assert "CYFRA_ALLOW_OPEN=1" in done.stderr


def test_the_images_train_a_network_and_say_which_digit_is_on_a_picture(
    service_image: Image, worker_image: Image, settings, tmp_path: Path
) -> None:
    services = read_compose(PASSWORDS)["services"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    migrated = service_image.run(["cyfra", *services["migrate"]["command"]], settings["migrate"])
    assert migrated.returncode == 0, migrated.stderr
    with ExitStack() as stack:
        command = ["cyfra", *services["api"]["command"], "--port", str(port)]
        api = stack.enter_context(service_image.running(command, settings["api"], tmp_path / "api.log"))
        worker_log = tmp_path / "worker.log"
        worker = stack.enter_context(worker_image.running(worker_image.command, settings["worker"], worker_log))
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40))
        wait_until(lambda: is_ready(client), 60, "an API that is ready")

        training = client.post("/v1/trainings", json={"preset": "quickstart"}).json()
        address = training["links"]["self"]
        wait_until(lambda: client.get(address).json()["state"] not in {"queued", "running"}, 400, "the training's end")
        ended = client.get(address, headers={"Prefer": "wait=1"}).json()
        sample = client.get("/v1/datasets/mnist-5k/samples/test/0.png")
        answer = client.post("/predict", files={"file": sample.content}, headers={"Accept": "text/plain"})
        check = [replaced(part, {"8000": str(port)}) for part in service_image.health_check]

        assert ended["state"] == "succeeded", worker_log.read_text()
        assert ended["metrics"]["test_accuracy"] > 0.95
        assert client.get(f"{address}/report.txt").status_code == 200
        assert answer.text.strip() == "0"
        assert service_image.run(check, settings["api"]).returncode == 0
        healthy = worker_image.run(worker_image.health_check, settings["worker"])
        assert healthy.returncode == 0, healthy.stderr
        for process in (worker, api):
            process.terminate()
            assert process.wait(timeout=40) == 0


def is_ready(client: httpx.Client) -> bool:
    """Whether it can do its work."""
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
