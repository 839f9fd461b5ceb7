"""What `env approve` shows: everything that gets approved, in a form that cannot play tricks on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.console import Console
    from toolkit.model.approval import ApprovalRequest, Taken

_SHOWN_DIGITS = 12


def show_request(console: Console, asked: ApprovalRequest) -> None:
    """The secrets in full, on stdout; nothing under --json, where one document follows at the end."""
    if console.as_json or not asked.takes:
        return
    console.line(f"{asked.environment} ({asked.path}) takes from this host:")
    for one in asked.takes:
        console.line()
        console.line(one.name)
        for label, text in _lines(one):
            console.line(f"  {label:<10}{text}")


def show_result(console: Console, asked: ApprovalRequest, *, changed: bool) -> None:
    """How it ended: approved now, approved before, or nothing to approve."""
    if console.as_json:
        takes = [_fields(one) for one in asked.takes]
        console.document({"environment": asked.environment, "takes": takes, "digest": asked.digest, "approved": True})
        return
    if not asked.takes:
        console.note(f"'{asked.environment}' takes nothing from this host: there is nothing to approve")
    elif changed:
        console.note(f"approved for this repository; it is asked again when any of it changes ({_short(asked)})")
    else:
        console.note(f"approved already ({_short(asked)})")


def _lines(one: Taken) -> Iterator[tuple[str, str]]:
    if one.env:
        yield "from", f"the variable {_plain(one.env)}"
    elif one.file:
        yield "from", f"the file {_plain(one.file)}"
        if one.real_file != one.file:
            yield "", f"which is {_plain(one.real_file)}" if one.real_file else "which can't be found"
    else:
        yield "from", "the output of the command " + " ".join(_plain(word) for word in one.command)
        for file in one.own_files:
            yield (
                "",
                f"which names {_plain(file.path)} of this repository, as it is now ({file.digest[:_SHOWN_DIGITS]})",
            )
    yield "to", ", ".join(_plain(host) for host in one.hosts)
    yield "header", _plain(one.header)
    if one.prefix:
        yield "prefix", json.dumps(one.prefix)


def _fields(one: Taken) -> dict[str, object]:
    """`from` as declared; beside it what it comes down to on this host."""
    found: dict[str, object] = {"name": one.name}
    if one.env:
        found["from"] = {"env": one.env}
    elif one.file:
        found |= {"from": {"file": one.file}, "real_file": one.real_file}
    else:
        files = [{"path": file.path, "digest": file.digest} for file in one.own_files]
        found |= {"from": {"command": list(one.command)}, "own_files": files}
    return {**found, "hosts": list(one.hosts), "header": one.header, "prefix": one.prefix}


def _plain(text: str) -> str:
    """As it is where it is plain; else as a JSON string: control and look-alike characters become escapes."""
    harmless = text.isascii() and text.isprintable() and not set(text) & set(" \"'\\")
    return text if text and harmless else json.dumps(text)


def _short(asked: ApprovalRequest) -> str:
    return asked.digest[:_SHOWN_DIGITS]
