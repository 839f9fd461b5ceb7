"""The error boundary: exit codes, hints and the form of errors under --json."""

from __future__ import annotations

import json

import pytest

from toolkit.cli.main import main


def test_an_unknown_verb_is_a_usage_error_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["taks"]) == 2
    assert "did you mean 'tasks'?" in capsys.readouterr().err


def test_help_names_every_verb_once_with_its_whole_first_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    from toolkit.cli.app import _HIDDEN, VERBS

    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    listed = text[text.index("\nDeclare:") :]
    rows = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2:3].isalpha()]
    assert {name: rows.count(name) for name in VERBS if name not in _HIDDEN} == dict.fromkeys(set(VERBS) - _HIDDEN, 1)
    assert "..." not in listed
    assert "-q, --quiet" in text


def test_nothing_at_all_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "toolkit remote" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["tasks", "--json"], ["--json", "tasks"]])
def test_an_error_under_json_is_one_document_on_stdout(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert set(document["error"]) == {"code", "message", "hint", "problems"}
    assert document["version"] == 1
    assert document["error"]["code"] == "engine"


def test_a_global_option_without_its_value_is_a_usage_error() -> None:
    assert main(["tasks", "--root"]) == 2


def test_a_missing_root_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", "/nonexistent", "env", "list"]) == 1
    assert "/nonexistent" in capsys.readouterr().err


def test_a_bug_leaves_a_report_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from toolkit.workflows import session_list

    monkeypatch.setenv("BILLING_TOKEN", "hunter2hunter2")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("cannot say hunter2hunter2 of https://user:pw@git.example.com")

    monkeypatch.setattr(session_list, "listed", broken)
    monkeypatch.setattr("toolkit.engines.connection.connect", lambda: None)
    assert main(["tasks"]) == 3
    hint = capsys.readouterr().err
    assert "hunter2" not in hint
    path = hint.split("the report is in ")[1].split(";")[0]
    with open(path) as file:  # noqa: PTH123
        report = file.read()
    assert "RuntimeError" in report
    assert "hunter2" not in report
    assert "user:pw" not in report
