"""`cyfra train`: what it submits, how it follows, how it ends."""

import json
import signal
import subprocess
import sys
from io import StringIO

import httpx
import pytest
from rich.console import Console

from cyfra import Facts
from cyfra.reading import read
from service.terminal.client import Client
from service.terminal.following import follow
from service.terminal.progress import ProgressBar
from tests.service.terminal.conftest import StandIn, a_training, failed, running, succeeded
from tests.waiting import wait_until


def submitted(stand_in: StandIn) -> object:
    return next(body for method, path, body in stand_in.asked if (method, path) == ("POST", "/v1/trainings"))


def test_without_options_the_quickstart_is_submitted(cyfra, stand_in: StandIn, capsys):
    assert cyfra("train") == 0

    assert submitted(stand_in) == {"preset": "quickstart"}
    assert "cyfra show t1" in capsys.readouterr().out


def test_options_become_fields(cyfra, stand_in: StandIn):
    cyfra(
        *("train", "--preset", "lecture-mnist", "--epochs", "3", "--seed", "7", "--register-as", "mine"),
        *("--label", "course=dl=1", "--set", "recipe.optimizer.learning_rate=0.5", "--set", "dataset=mnist"),
        *("--set", "recipe.shuffle=true", "--set", "recipe.momentum=NaN"),
    )

    assert submitted(stand_in) == {
        "preset": "lecture-mnist",
        "recipe": {"epochs": 3, "optimizer": {"learning_rate": 0.5}, "shuffle": True, "momentum": "NaN"},
        "dataset": "mnist",
        "seed": 7,
        "register_as": "mine",
        "labels": {"course": "dl=1"},
    }


def test_a_file_is_sent_with_the_options_laid_over_it(cyfra, stand_in: StandIn, tmp_path):
    spec = {"dataset": "mnist-5k", "network": {"layers": []}, "recipe": {"epochs": 9, "batch_size": 32}}
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec))

    assert cyfra("train", "--file", str(file), "--epochs", "2") == 0

    assert submitted(stand_in) == spec | {"recipe": {"epochs": 2, "batch_size": 32}}


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("{", [], "is not JSON"),
        ("[]", [], "one JSON object"),
        ("{}", ["--preset", "quickstart"], "not both"),
        ("{}", ["--set", "epochs"], "key=value"),
        ('{"recipe": 5}', ["--set", "recipe.epochs=1"], "recipe is 5"),
        ('{"labels": 5}', ["--label", "a=b"], "labels"),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is(cyfra, stand_in, tmp_path, capsys, content, arguments, message):
    file = tmp_path / "spec.json"
    file.write_text(content)

    assert cyfra("train", "--file", str(file), *arguments) == 2

    assert message in capsys.readouterr().err
    assert stand_in.asked == []


def test_following_prints_a_line_an_epoch_where_there_is_no_terminal(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), a_training(), running(0, 5), running(1, 1), succeeded()]

    assert cyfra("train", "--follow") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "Training t1 was submitted.",
        "queued, 2 before it",
        "training",
        "epoch 1/2  accuracy 90.00 %  loss 0.1000  validation accuracy 80.00 %  1.5 s",
        "epoch 2/2  accuracy 90.00 %  loss 0.1000  validation accuracy 80.00 %  1.5 s",
    ]
    assert any("98.10 %" in line for line in lines)


def test_following_a_training_that_fails_is_exit_1_and_says_why(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), running(0, 5), failed()]

    assert cyfra("train", "--follow") == 1

    assert "Training t1 failed: diverged. The loss became NaN" in capsys.readouterr().err


def test_following_a_training_that_is_cancelled_is_exit_1(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), a_training(state="cancelled")]

    assert cyfra("train", "--follow") == 1

    assert "Training t1 cancelled." in capsys.readouterr().err


def test_following_with_json_prints_the_last_state_alone(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), running(0, 5), failed()]

    assert cyfra("train", "--follow", "--json") == 1

    assert json.loads(capsys.readouterr().out)["state"] == "failed"


def test_following_waits_for_a_service_that_goes_away_for_a_moment(cyfra, stand_in: StandIn, capsys):
    stand_in.course, stand_in.troubles = [a_training(), succeeded()], [503, 502]

    assert cyfra("train", "--follow") == 0

    assert capsys.readouterr().err.count("Trying again") == 1


def test_following_gives_up_on_a_service_that_stays_away(stand_in: StandIn):
    stand_in.troubles = [503] * 50
    with Client(stand_in.url) as client, pytest.raises(Exception, match="away"):
        list(follow(client, "t1", patience_seconds=0))


def test_an_interrupted_follower_says_that_the_training_goes_on(stand_in: StandIn):
    stand_in.course = [running(0, 5)]
    command = (sys.executable, "-m", "service.cli", "train", "--follow", "--url", stand_in.url)
    follower = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: ("GET", "/v1/trainings/t1", {}) in stand_in.asked)

    follower.send_signal(signal.SIGINT)

    _, err = follower.communicate(timeout=60)
    assert follower.returncode == 130
    assert err == "The training goes on. Stop it: cyfra cancel t1\n"


def test_following_asks_the_service_to_hold_the_answer_back():
    preferences = []

    def answer(request: httpx.Request) -> httpx.Response:
        preferences.append(request.headers.get("Prefer"))
        return httpx.Response(200, json=succeeded())

    with Client("http://cyfra", transport=httpx.MockTransport(answer)) as client:
        states = [training.state for training in follow(client, "t1")]

    assert states == ["succeeded"]
    assert preferences == ["wait=1"]


def test_the_bar_shows_epoch_accuracy_loss_and_time_left_and_goes_back_only_for_a_new_attempt(stand_in: StandIn):
    screen = Console(file=StringIO(), force_terminal=True, width=120)
    course = [a_training(), running(0, 5), running(0, 10), running(1, 5)]

    last = ProgressBar(screen).show([read(Facts, training) for training in course])

    assert last.progress.epoch == 1
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    for text in ("epoch 2/2", "accuracy 91.00 %", "loss 0.2500", "1:05 left", "75 %"):
        assert text in shown
