"""The owner's own checks (`verify:` of the declaration): pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from toolkit.model.verification import Proof
from toolkit.workflows.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.model.environment import CheckSpec

_SHOWN = 300


def proofs(checks: Sequence[CheckSpec], ended: Sequence[Mapping[str, Any]]) -> tuple[Proof, ...]:
    """`ended`: how each of them ended, as `proofs/inside.py` tells it. Each is a check `verify: TITLE`."""
    return tuple(_proof(check, end) for check, end in zip(checks, ended, strict=True))


def _proof(check: CheckSpec, end: Mapping[str, Any]) -> Proof:
    wrong = list(_faults(check, end))
    if wrong and end["stderr"].strip():
        wrong.append(f"stderr: {_shown(end['stderr'])}")
    status, detail = verdict(wrong, _good(check))
    return Proof(name=f"verify: {check.title}", status=status, detail=detail, seconds=end["seconds"])


def _faults(check: CheckSpec, end: Mapping[str, Any]) -> Iterator[str]:
    if end["exit_code"] is None:
        yield f"it did not end within {check.timeout:g} s"
        return
    if end["exit_code"] != check.exit_code:
        yield f"exit code {end['exit_code']}, not {check.exit_code}"
    printed = end["stdout"]
    if check.stdout is not None and printed.rstrip("\n") != check.stdout.rstrip("\n"):
        yield f"it printed {_shown(printed)}, not {_shown(check.stdout)}"
    if check.stdout_matches is not None and not re.search(check.stdout_matches, printed, re.MULTILINE):
        yield f"it printed {_shown(printed)}, in which {check.stdout_matches!r} is not found"


def _good(check: CheckSpec) -> str:
    if check.stdout is not None:
        return f"exit code {check.exit_code}, and it printed what is declared"
    found = f", and {check.stdout_matches!r} is found in what it printed" if check.stdout_matches is not None else ""
    return f"exit code {check.exit_code}{found}"


def _shown(text: str) -> str:
    stripped = text.strip()
    return repr(stripped if len(stripped) <= _SHOWN else f"{stripped[:_SHOWN]}…")
