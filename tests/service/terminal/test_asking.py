"""The commands that ask: what they print, what they send, how they end."""

import json
from pathlib import Path

import pytest

from service.cli import run
from tests.service.terminal.conftest import MATRIX, PREDICTION, StandIn, a_training, failed, running, succeeded


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.write_bytes(b"\x89PNG")
    return path


def test_trainings_are_listed_with_state_accuracy_and_time(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [succeeded()]

    assert cyfra("trainings") == 0

    out, err = capsys.readouterr()
    assert "t1" in out
    assert "succeeded" in out
    assert "98.10 %" in out
    assert "0:30" in out
    assert "There are more" in err


def test_filters_are_sent_as_the_service_names_them(cyfra, stand_in: StandIn):
    cyfra("trainings", "--state", "failed", "--dataset", "mnist", "--label", "course=dl-1", "--limit", "5")

    assert stand_in.asked == [
        ("GET", "/v1/trainings", {"limit": "5", "state": "failed", "dataset": "mnist", "label.course": "dl-1"})
    ]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["trainings"], "/v1/trainings"),
        (["show", "t1"], "/v1/trainings/t1"),
        (["cancel", "t1"], "/v1/trainings/t1/cancel"),
        (["report", "t1"], "/v1/trainings/t1/report.json"),
        (["compare", "t1", "t2"], "/v1/compare"),
        (["receipt", "t1"], "/v1/trainings/t1/receipt.json"),
        (["rerun", "t1"], "/v1/trainings/t1/rerun"),
        (["rerun-difference", "t1"], "/v1/trainings/t1/rerun.json"),
        (["train"], "/v1/trainings"),
        (["datasets"], "/v1/datasets"),
        (["networks"], "/v1/networks"),
        (["models"], "/v1/models"),
    ],
)
def test_json_is_the_services_answer_and_nothing_else(cyfra, stand_in: StandIn, capsys, arguments, path):
    assert cyfra(*arguments, "--json") == 0

    out, err = capsys.readouterr()
    assert isinstance(json.loads(out), dict)
    assert out.count("\n") == 1
    assert err == ""
    assert [asked[1] for asked in stand_in.asked] == [path]


def test_show_tells_state_labels_progress_and_every_change(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [running(epoch=1, step=4)]

    assert cyfra("show", "t1") == 0

    out = capsys.readouterr().out
    for text in ("training", "course=dl-1", "2/2", "1:05", "queued"):
        assert text in out


def test_show_tells_why_a_training_failed(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [failed()]

    assert cyfra("show", "t1") == 0

    assert "diverged: The loss became NaN in epoch 2." in capsys.readouterr().out


def test_a_report_is_the_services_text_and_the_matrix(cyfra, capsys):
    assert cyfra("report", "t1") == 0

    out = capsys.readouterr().out
    assert "precision    recall" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["3", "95", "5", "95.0", "%"] in rows
    assert ["8", "·", "100", "100.0", "%"] in rows
    assert MATRIX["classes"] in rows or [*MATRIX["classes"], "right"] in rows


def test_a_report_ends_with_what_the_curves_say(cyfra, capsys):
    assert cyfra("report", "t1") == 0

    assert capsys.readouterr().out.endswith("Advice for training t1 (succeeded, 2 epochs): nothing stands out\n")


def test_compare_is_a_table_of_figures_with_intervals_and_a_finding_for_each_pair(cyfra, stand_in: StandIn, capsys):
    assert cyfra("compare", "t1", "t2") == 0

    out = capsys.readouterr().out
    for text in ("98.10 %", "97.50 \N{EN DASH} 98.90 %", "123,456", "1:05", "the difference can be chance."):
        assert text in out
    assert [asked[1] for asked in stand_in.asked] == ["/v1/compare"]


def test_cancel_says_the_new_state(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(state="cancelling")]

    assert cyfra("cancel", "t1") == 0

    assert capsys.readouterr().out == "Training t1: cancelling\n"


def test_predict_uploads_the_file_and_prints_label_and_confidence(cyfra, stand_in: StandIn, capsys, png):
    assert cyfra("predict", str(png)) == 0

    out = capsys.readouterr().out
    assert "90.0 %" in out
    assert "default 2" in out
    assert stand_in.asked == [("POST", "/predict", {})]


def test_predict_takes_several_files_a_model_and_top(cyfra, stand_in: StandIn, capsys, png):
    assert cyfra("predict", str(png), str(png), "--model", "mine", "--top", "2") == 0

    out = capsys.readouterr().out
    assert out.count("90.0 %") == 2
    assert out.count("8.0 %") == 2
    assert "2.0 %" not in out
    assert stand_in.asked == [("POST", "/v1/models/mine/predict", {"top": "2"})]


@pytest.mark.parametrize("how", ["auto", "always", "never"])
def test_predict_says_whether_to_lay_a_digit_out_as_in_mnist(cyfra, stand_in: StandIn, png, how: str):
    assert cyfra("predict", str(png), "--normalize", how) == 0

    assert stand_in.asked == [("POST", "/predict", {"normalize": how})]


def test_predict_refuses_another_way_to_normalize_before_it_asks(cyfra, stand_in: StandIn, capsys, png):
    assert cyfra("predict", str(png), "--normalize", "perhaps") == 2

    assert "'auto', 'always', 'never'" in capsys.readouterr().err
    assert stand_in.asked == []


def test_predict_json_of_one_file_is_one_object(cyfra, capsys, png):
    assert cyfra("predict", str(png), "--json") == 0

    assert json.loads(capsys.readouterr().out) == PREDICTION


def test_datasets_networks_and_models_are_tables(cyfra, capsys):
    assert [cyfra("datasets"), cyfra("networks"), cyfra("models")] == [0, 0, 0]

    out = capsys.readouterr().out
    for text in ("mnist-5k", "4,000", "lecture-mnist", "2,782,090", "40.9", "best"):
        assert text in out


def test_a_problem_goes_to_stderr_with_every_wrong_field_and_exit_2(cyfra, stand_in: StandIn, capsys):
    faults = [{"pointer": "/recipe/epochs", "detail": "must be 1 or more"}]
    stand_in.problem = {"title": "Some fields are wrong", "status": 422, "detail": "One field.", "errors": faults}

    assert cyfra("train", "--epochs", "0") == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["Some fields are wrong (422)", "One field.", "  /recipe/epochs: must be 1 or more"]


def test_a_service_that_cannot_answer_now_is_exit_3(cyfra, stand_in: StandIn, capsys):
    stand_in.problem = {"title": "Not ready just now", "status": 503, "detail": "The database is away."}

    assert cyfra("trainings") == 3

    assert "The database is away." in capsys.readouterr().err


def test_an_unreachable_service_is_exit_3_and_says_how_to_get_one(nobody, capsys):
    assert run(["trainings", "--url", nobody]) == 3

    out, err = capsys.readouterr()
    assert out == ""
    assert "cyfra up" in err
    assert nobody in err


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://[::1"])
def test_an_address_that_is_none_is_exit_2(url, capsys):
    assert run(["trainings", "--url", url]) == 2

    assert url in capsys.readouterr().err


def test_the_address_comes_from_the_environment_too(stand_in: StandIn, monkeypatch):
    monkeypatch.setenv("CYFRA_URL", stand_in.url)

    assert run(["trainings"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [["predict", "/no/such/file.png"], ["predict"], ["show"], ["trainings", "--limit", "0"], ["no-such-command"]],
)
def test_wrong_usage_is_exit_2(arguments, capsys):
    assert run(arguments) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage" in err
