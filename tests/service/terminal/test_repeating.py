"""`cyfra receipt`, `cyfra rerun`, `cyfra rerun-difference`: what they print, and how they end."""

import json

from tests.service.terminal.conftest import StandIn, a_training, failed, succeeded


def test_a_receipt_is_the_services_text(cyfra, capsys):
    assert cyfra("receipt", "t1") == 0

    assert capsys.readouterr().out == "Receipt of training t1\nseed       1\n"


def test_a_rerun_is_submitted_and_says_how_to_ask_what_came_of_it(cyfra, stand_in: StandIn, capsys):
    assert cyfra("rerun", "t1") == 0

    assert capsys.readouterr().out == "Training t1 was submitted. How it differs: cyfra rerun-difference t1\n"
    assert [asked[:2] for asked in stand_in.asked] == [("POST", "/v1/trainings/t1/rerun")]


def test_a_rerun_is_sent_again_with_a_key_while_the_service_is_away(cyfra, stand_in: StandIn, capsys, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    stand_in.troubles_of_submit = [503, 502]

    assert cyfra("rerun", "t1") == 0

    assert len(stand_in.asked) == 3
    assert len(stand_in.keys[0]) == 36
    assert "Trying again" in capsys.readouterr().err


def test_a_rerun_that_is_followed_ends_with_how_it_differs(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), succeeded()]

    assert cyfra("rerun", "t1", "--follow") == 0

    out = capsys.readouterr().out
    assert out.startswith("Training t1 was submitted.")
    assert out.endswith("The weights are bit-equal to the original's.\n")


def test_a_rerun_that_is_followed_as_json_prints_the_difference_and_nothing_else(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), succeeded()]

    assert cyfra("rerun", "t1", "--follow", "--json") == 0

    assert json.loads(capsys.readouterr().out)["weights"] == {"bit_equal": True}


def test_a_rerun_that_failed_is_exit_1(cyfra, stand_in: StandIn, capsys):
    stand_in.course = [a_training(), failed()]

    assert cyfra("rerun", "t1", "--follow") == 1

    assert "diverged" in capsys.readouterr().err


def test_the_difference_of_a_rerun_is_the_services_text(cyfra, capsys):
    assert cyfra("rerun-difference", "t1") == 0

    assert capsys.readouterr().out == "The weights are bit-equal to the original's.\n"


def test_a_rerun_that_is_refused_says_why_and_is_exit_2(cyfra, stand_in: StandIn, capsys):
    stand_in.problem = {"title": "The training cannot be repeated", "status": 409, "detail": "The training failed."}

    assert cyfra("rerun", "t1") == 2

    assert "The training failed." in capsys.readouterr().err
