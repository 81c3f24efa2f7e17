"""Handing in: what the checkers said becomes a file, and the files of a class a table."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bptt_lab.exercises import CHAPTERS, MISTAKES, Check, check, collecting
from bptt_lab.exercises.collecting import Learner, frequent
from bptt_lab.exercises.reports import fingerprint


@pytest.fixture
def own() -> Check:
    """Return the exercises with a journal in which nothing stands yet."""
    return Check(exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES)


def right_step(params, x_t, h):
    return np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])


def transposed_step(params, x_t, h):
    return np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"].T + params["b_h"])


def collected(monkeypatch, capsys, *arguments: str):
    monkeypatch.setattr(sys, "argv", ["exercises", "collect", *arguments])
    collecting.main()
    return capsys.readouterr()


def rows(table: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line) for line in table.split("\n\n")[0].splitlines()]


# ------------------------------------------------------------------ one learner


def test_a_report_has_verdicts_mistakes_versions_and_no_code(own, tmp_path):
    own.rnn_step(transposed_step)
    own.rnn_step(right_step)
    path = own.report("Ada K. Lovelace", tmp_path)
    assert path.name == "bptt-lab-Ada-K-Lovelace.json"
    text = path.read_text(encoding="utf-8")
    report = json.loads(text)
    assert report["name"] == "Ada K. Lovelace" and report["version"] == 1
    assert set(report["versions"]) == {"bptt-lab", "numpy", "python"}
    entry = report["code"]["exercise:rnn_step"]
    assert entry["right"] and entry["verdict"].startswith("Right.") and entry["tries"] == 2
    assert entry["mistakes"] == ["W_hh of the column form"]  # also what was mended
    assert entry["hash"] == fingerprint(right_step) != fingerprint(transposed_step) != ""
    assert entry["solved"].startswith(entry["date"][:4]) and "np.tanh" not in text


def test_what_was_solved_stays_solved_and_the_last_verdict_is_kept(own, tmp_path):
    own.rnn_step(right_step)
    own.rnn_step(transposed_step)
    entry = json.loads(own.report("a", tmp_path).read_text(encoding="utf-8"))["code"][
        "exercise:rnn_step"
    ]
    assert not entry["right"] and entry["solved"]


def test_a_second_session_adds_to_the_report(own, tmp_path):
    own.rnn_step(right_step)
    own.report("a", tmp_path)
    later = Check(exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES)
    later.forward(lambda params, x, h_0: h_0)
    report = json.loads(later.report("a", tmp_path).read_text(encoding="utf-8"))
    assert set(report["code"]) == {"exercise:rnn_step", "exercise:forward"}


def test_a_name_cannot_lead_out_of_the_folder(own, tmp_path):
    assert own.report("../../etc/x", tmp_path).parent == tmp_path
    with pytest.raises(ValueError, match="letters"):
        own.report("../..", tmp_path)


def test_code_that_cannot_be_read_has_no_hash():
    assert fingerprint(len) == "" and fingerprint(np.add) == ""


def attempt(params, x_t, h):  # of the book
    return transposed_step(params, x_t, h)


def empty_step(params, x_t, h):
    """Nothing is here yet."""
    ...


def unwritten_step(params, x_t, h):
    # YOUR CODE HERE
    raise NotImplementedError()


def first_try(params, x_t, h):
    return h


def test_what_nobody_wrote_is_not_in_a_report(own):
    for function in (attempt, empty_step, unwritten_step):
        assert not own.rnn_step(function)
    assert own.journal.code == {}
    own.rnn_step(first_try)
    own.forward(lambda params, x, h_0: h_0)
    own.loss(np.add)
    assert {*own.journal.code} == {"exercise:rnn_step", "exercise:forward", "exercise:loss"}


# ------------------------------------------------------------------ a class


def test_three_learners_are_collected(tmp_path, monkeypatch, capsys):
    """Right, wrong and empty, and beside them what a browser exported."""
    learners = {"right": [right_step], "wrong": [transposed_step], "empty": []}
    for name, functions in learners.items():
        one = Check(exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES)
        for function in functions:
            one.rnn_step(function)
        (tmp_path / name).mkdir()  # as a learning platform hands them out
        one.report(name.title(), tmp_path / name)
    day = "2026-03-0{}T10:00:00.000Z"
    exported(
        tmp_path, "browser.json",
        loss={"text": "f", "date": day.format(2), "solved": day.format(1), "book": "0.2.0"},
        rnn_step={
            "text": "g", "date": day.format(3), "book": "0.2.1",
            "mistakes": ["W_hh of the column form", "no such mistake", 7],
        },
    )  # fmt: skip
    (tmp_path / "cat.json").write_text("{}", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a learner", encoding="utf-8")

    said = collected(monkeypatch, capsys, str(tmp_path))
    assert "cat.json: expected a file that the book exported" in said.err
    found = {row[0]: row for row in rows(said.out)[1:]}
    assert set(found) == {"Right", "Wrong", "Empty", "browser"}
    all_of = len(check)
    of = {chapter: len(names) for chapter, names in collecting.OF_CHAPTER.items()}
    solved = rows(said.out)[0].index("forward")
    others = [f"0/{number}" for chapter, number in of.items() if chapter != "forward"]
    assert found["Right"][1:solved] == [f"1 of {all_of}"] and sum(of.values()) == all_of
    assert found["Right"][solved : solved + 6] == [f"1/{of['forward']}", *others]
    assert found["Wrong"][1] == f"0 of {all_of}" and found["Wrong"][-1] == "rnn_step"
    assert found["Empty"][1:] == [f"0 of {all_of}", f"0/{of['forward']}", *others]
    row = [f"1 of {all_of}", f"1/{of['forward']}", *others, "2026-03-03", "0.2.1", "rnn_step"]
    assert found["browser"][1:] == row
    mistakes = said.out.split("\n\n")[1].splitlines()
    assert mistakes[1].startswith("  2  The state is multiplied by the transpose")
    assert mistakes[-1].strip() == "forward.html#sec-columns" and len(mistakes) == 5

    table = collected(monkeypatch, capsys, str(tmp_path), "--csv").out.splitlines()
    head, *lines = (line.split(",") for line in table)
    (browser,) = (line for line in lines if line[0] == "browser")
    assert browser[head.index("loss")] == "2026-03-01" and browser[head.index("bptt")] == ""


def exported(folder: Path, name: str, **code: dict) -> None:
    entries = {f"exercise:{key}": entry for key, entry in code.items()}
    text = json.dumps({"version": 1, "done": {}, "code": entries})
    (folder / name).write_text(text, encoding="utf-8")


def test_what_a_file_says_is_not_believed_blindly(tmp_path):
    exported(
        tmp_path, "x.json", loss={
            "text": 3, "date": {}, "solved": "=1+1", "book": "<b>", "mistakes": "bias forgotten"
        }, none={},
    )  # fmt: skip
    learner = collecting.read(tmp_path / "x.json")
    assert (learner.solved, learner.last, learner.version, learner.mistakes) == ({}, "", "", ())
    report = {"version": 1, "name": "=cmd()", "code": {}}
    (tmp_path / "y.json").write_text(json.dumps(report), encoding="utf-8")
    assert collecting.read(tmp_path / "y.json").name == "y"  # a spreadsheet would compute it


def test_every_mistake_can_be_told_to_a_class():
    """Each is counted once for each learner; those without a page are told without one."""
    for name, mistake in MISTAKES.items():
        said = frequent([Learner("a", {}, (), "", "", (name,))] * 2)
        told = " ".join(said.split())
        assert mistake.sentence in told and " 2 " in told
        assert ("Teach from" in told) == (mistake.place is not None)
        if mistake.place:
            assert f"{mistake.place.page}.html#{mistake.place.label}" in told


def test_the_command_is_there(tmp_path):
    command = [sys.executable, "-m", "bptt_lab.exercises", "collect", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0 and done.stdout.startswith("learner") and not done.stderr
