"""The folders of good and bad declarations are the test list: a new file is a new test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit.workflows.validation import validate

if TYPE_CHECKING:
    from toolkit.diagnostics import Diagnostic

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_INVALID = sorted((_HERE / "invalid").glob("*.yaml"))
_VALID = sorted((_HERE / "valid").glob("*.yaml"))


def _expected(file: Path) -> list[str]:
    """The first comment lines of a bad file: `severity line:column pointer rule: message (hint)`."""
    lines: list[str] = []
    for line in file.read_bytes().decode(errors="replace").split("\n"):
        if not line.startswith(("# error ", "# warning ")):
            break
        lines.append(line.removeprefix("# "))
    return lines


def _found(file: Path, one: Diagnostic) -> str:
    folder = file.parent.relative_to(_ROOT).as_posix()
    path = one.path.removeprefix(f"{folder}/")
    place = f"{one.line}:{one.column}" if path == file.name else f"{path}:{one.line}:{one.column}"
    hint = f" ({one.hint})" if one.hint else ""
    return f"{one.severity.value} {place} {one.pointer or '-'} {one.rule}: {one.message}{hint}"


def test_there_are_enough_of_them() -> None:
    assert len(_INVALID) >= 80
    assert len(_VALID) >= 15


@pytest.mark.parametrize("file", _INVALID, ids=lambda file: file.stem)
def test_a_bad_file_has_exactly_the_problems_that_it_says(file: Path) -> None:
    problems = validate(_ROOT, [str(file)]).problems

    assert [_found(file, one) for one in problems] == _expected(file)


@pytest.mark.parametrize("file", _VALID, ids=lambda file: file.stem)
def test_a_good_file_has_no_problem(file: Path) -> None:
    assert validate(_ROOT, [str(file)]).problems == ()


def test_every_rule_has_one_severity() -> None:
    seen: dict[str, set[str]] = {}
    for file in _INVALID:
        for line in _expected(file):
            severity, _, _, rule, *_ = line.split(" ")
            seen.setdefault(rule, set()).add(severity)

    assert {rule for rule, severities in seen.items() if len(severities) > 1} == set()


def test_the_offered_environments_pass_strictly() -> None:
    assert validate(_ROOT).problems == ()
