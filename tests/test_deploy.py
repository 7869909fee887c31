"""Dockerfile.gpu and docker-compose.yml: what an administrator relies on, as far as it can be read. test_images.py runs it."""

import re
import shutil
import socket
import subprocess
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import redis
import typer
from packaging.requirements import Requirement

from service.cli import app
from service.settings import Settings
from service.terminal.running import GRACEFUL_SHUTDOWN_SECONDS
from tests import requirements
from tests.composefile import PASSWORDS, MissingVariable, read_compose, variables
from tests.dockerfile import ROOT, read_dockerfile
from tests.waiting import wait_until

IMAGES = ("service", "worker")
SETTINGS = {f"CYFRA_{name.upper()}" for name in Settings.model_fields} | {"KERAS_BACKEND"}
SERVICES = ("postgres", "redis", "migrate", "api", "worker", "worker-gpu")
OURS = ("migrate", "api", "worker", "worker-gpu")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = read_compose(PASSWORDS)["services"]
    return found


def require_command(arguments: list[str]) -> None:
    """Fail unless the command line of Cyfra takes these arguments."""
    command = typer.main.get_command(app).commands[arguments[0]]  # type: ignore[attr-defined] # it is a group
    command.make_context(arguments[0], arguments[1:])


def test_the_services_are_these(services):
    assert set(services) == set(SERVICES)


@pytest.mark.parametrize("name", PASSWORDS)
@pytest.mark.parametrize("given", [{}, {"empty": ""}])
def test_nothing_starts_without_its_passwords_and_what_is_missing_is_said(name, given):
    others = {other: value for other, value in PASSWORDS.items() if other != name}

    with pytest.raises(MissingVariable, match=rf"{name} is missing a value: copy \.env\.example"):
        read_compose(others | ({name: ""} if given else {}))


def test_no_password_has_a_default_nor_can_be_read_in_a_list_of_processes(services):
    for service in services.values():
        assert not any(
            password in str(service.get(part)) for password in PASSWORDS.values() for part in ("command", "healthcheck")
        )


def test_every_variable_is_explained_in_the_example(services):
    explained = set(re.findall(r"^#?(CYFRA_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert explained == variables()


def test_the_api_alone_is_published_and_on_loopback_alone(services):
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "api": ["127.0.0.1:8000:8000"]
    }


def test_database_and_broker_are_reached_from_inside_alone(services):
    assert read_compose(PASSWORDS)["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis", "migrate"):
        assert services[name]["networks"] == ["inside"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_it_must(services, name):
    service = services[name]

    assert service["read_only"]
    assert service["init"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert not {"privileged", "network_mode", "pid", "devices", "cap_add"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_says_how_it_is_and_starts_again(services, name):
    service = services[name]

    if name == "migrate":
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


def test_nothing_of_ours_starts_before_the_database_is_migrated(services):
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    for name in ("api", "worker", "worker-gpu"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_everything_has_the_time_to_end_that_it_needs(services):
    assert int(services["api"]["stop_grace_period"].removesuffix("s")) >= GRACEFUL_SHUTDOWN_SECONDS + 5
    for name in ("worker", "worker-gpu"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > 30


@pytest.mark.parametrize("name", OURS)
def test_what_is_set_is_a_setting_and_what_is_run_is_a_command(services, name):
    service = services[name]
    target = service["build"]["target"]
    command = service.get("command") or read_dockerfile().command(target)[1:]

    assert {key for key in service["environment"] if key.startswith("CYFRA")} <= SETTINGS
    require_command(command)
    assert service["build"]["dockerfile"] == "Dockerfile.gpu"
    assert target in IMAGES


def test_the_gpu_worker_has_one_card_and_is_there_only_when_asked_for(services):
    worker = services["worker-gpu"]

    assert worker["profiles"] == ["gpu"]
    assert worker["build"]["args"] == {"EXTRAS": "worker,gpu"}
    [device] = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}


def test_the_broker_refuses_who_has_no_password(services, tmp_path: Path):
    if shutil.which("redis-server") is None:
        requirements.missing("redis-server", "PATH")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    [shell, flag, script] = services["redis"]["command"]
    script = script.replace("$$", "$").replace("dir /tmp", f"dir {tmp_path}\nport {port}\nbind 127.0.0.1")
    environment = {**services["redis"]["environment"], "PATH": "/usr/bin:/bin:/usr/local/bin"}
    with subprocess.Popen([shell, flag, script], env=environment, stdout=subprocess.DEVNULL) as broker:
        try:
            client = redis.Redis(port=port, password=PASSWORDS["CYFRA_REDIS_PASSWORD"])
            wait_until(lambda: answers(client), what="a broker that answers")
            assert Path(f"/proc/{broker.pid}/cmdline").read_bytes().startswith(b"redis-server"), (
                "it is the first process"
            )
            with pytest.raises(redis.exceptions.AuthenticationError):
                redis.Redis(port=port).ping()
            assert client.config_get("save") == {"save": ""}
        finally:
            broker.terminate()
    assert broker.returncode == 0


def answers(client: redis.Redis) -> bool:
    """Whether the broker answers."""
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_in_particular_and_says_how_it_is(image):
    dockerfile = read_dockerfile()

    assert dockerfile.all(image, "USER")[-1] == "10001:10001"
    assert {key for key in dockerfile.environment(image) if key.startswith("CYFRA")} <= SETTINGS
    assert "CYFRA_ALLOW_OPEN" not in dockerfile.environment(image), "who publishes the port decides that"
    require_command(dockerfile.command(image)[1:])
    check = dockerfile.health_check(image)
    if check[0] == "cyfra":
        require_command(check[1:])
    assert dockerfile.all(image, "VOLUME") == [dockerfile.environment(image)["CYFRA_HOME"]]


def test_compose_asks_the_containers_what_the_images_ask_themselves(services):
    dockerfile = read_dockerfile()

    for name in ("api", "worker", "worker-gpu"):
        assert services[name]["healthcheck"]["test"] == [
            "CMD",
            *dockerfile.health_check(services[name]["build"]["target"]),
        ]


def test_what_is_built_on_is_pinned_and_nothing_secret_is_in_it():
    text = (ROOT / "Dockerfile.gpu").read_text()
    dockerfile = read_dockerfile()

    bases = {stage.base for stage in dockerfile.stages.values() if stage.base not in dockerfile.stages}
    assert [bool(re.fullmatch(r"python:3\.(11|12|13)-slim-\w+", base)) for base in bases] == [True]
    assert not re.search(r"password|secret|token|index-url|trusted-host", text, re.IGNORECASE)
    for stage in dockerfile.stages.values():
        for line in stage.all("RUN"):
            assert line.count(" install ") == line.count("-c requirements.lock"), line


def test_the_builder_is_sent_what_it_copies_and_nothing_more():
    dockerfile = read_dockerfile()
    copied = {source for text in dockerfile.all("build", "COPY") for source in text.split()[:-1]}
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]

    assert copied == sent
    assert set(packages) <= copied
    assert all((ROOT / source).exists() for source in copied)


def test_every_cuda_library_that_tensorflow_asks_for_is_pinned():
    asked = [Requirement(text) for text in requires("tensorflow") or []]
    wanted = {
        each.name: each.specifier for each in asked if each.marker and each.marker.evaluate({"extra": "and-cuda"})
    }
    wanted = {name: specifier for name, specifier in wanted.items() if name.startswith("nvidia-")}
    lines = (ROOT / "requirements-gpu.lock").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))

    assert set(pinned) == set(wanted)
    assert [name for name, version in pinned.items() if version not in wanted[name]] == []
