"""What `env export` and `env import` show: the files on stdout, what was lost on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.devcontainer import Exported, Imported, Unmapped


def show_exported(console: Console, done: Exported) -> None:
    if console.as_json:
        files = {"environment": done.environment, "written": list(done.written), "kept": list(done.kept)}
        console.document({**files, "unmapped": _fields(done.unmapped)})
        return
    for path in sorted([*done.written, *done.kept]):
        console.line(path)
    _tell(console, "what a devcontainer cannot say", done.unmapped)


def show_imported(console: Console, done: Imported) -> None:
    if console.as_json:
        environment = {"name": done.environment, "path": done.path}
        console.document({"environment": environment, "unmapped": _fields(done.unmapped)})
        return
    console.line(done.path)
    _tell(console, "what a declaration says otherwise or not at all", done.unmapped)
    console.note(f"look at it, then: toolkit env show {done.environment}")


def _tell(console: Console, what: str, unmapped: Sequence[Unmapped]) -> None:
    """Not silenced by --quiet: each is a meaning that is gone."""
    if unmapped:
        console.warn(f"{what}:\n" + "\n".join(f"  {_plain(one.key)}: {_plain(one.reason)}" for one in unmapped))


def _fields(unmapped: Sequence[Unmapped]) -> list[dict[str, str]]:
    return [{"key": one.key, "reason": one.reason} for one in unmapped]


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else "·" for one in text)
