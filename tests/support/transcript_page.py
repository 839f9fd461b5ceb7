"""A page of Markdown as the commands that it shows: the grammar of CONTRIBUTING.md, “Transcripts”.

`Page.steps` are in the page's order: a file that the page shows, or a `console` block with its commands. Anything that
the grammar has no rule for is an error of the page, with its line, so that no command is passed over in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,})(?P<language>[\w-]*) *$")
_DIRECTIVE = re.compile(r"^<!-- replay: (?P<words>.+) -->$")
_COMMAND = re.compile(r"^ *(\$ |toolkit |make |docker |pulumi |pip install |git (clone|commit|push) )")
_SHELLS = frozenset({"", "sh", "bash", "shell", "text"})


class PageError(Exception):
    """`docs/sessions.md:12: what is wrong`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is typed after `$ `, and the lines that the page shows below it; none: its output is not compared."""

    line: int
    text: str
    output: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file that the page shows and the reader saves."""

    line: int
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One `console` block; its last command ends with `exit_code`. `not_run` is why it is not replayed, else empty."""

    line: int
    commands: tuple[Command, ...]
    exit_code: int
    not_run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`folder` is what the page's reader has before the first command, from the checkout's root; empty: nothing."""

    path: str
    needs_engine: bool
    folder: str
    steps: tuple[Shown | Block, ...]

    @property
    def replayed(self) -> bool:
        return any(isinstance(step, Block) and not step.not_run for step in self.steps)

    @property
    def left_out(self) -> Iterator[str]:
        """`docs/gitops.md:12: the reason`, for each block that is not run."""
        for step in self.steps:
            if isinstance(step, Block) and step.not_run:
                yield f"{self.path}:{step.line}: {step.not_run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    line: int
    language: str
    lines: tuple[str, ...]


def read(path: Path, *, checkout: Path) -> Page:
    """The page of a file in the checkout; PageError where it breaks the grammar."""
    shown = path.relative_to(checkout).as_posix()
    home = path.parent.relative_to(checkout).as_posix()
    return parse(path.read_text(encoding="utf-8"), path=shown, folder=home if home.startswith("examples/") else "")


def parse(text: str, *, path: str, folder: str = "") -> Page:
    """The same of a text."""
    steps: list[Shown | Block] = []
    needs_engine = False
    said: tuple[int, str] | None = None
    for one in _parts(text, path):
        if isinstance(one, tuple):
            if said is not None:
                raise PageError(f"{path}:{said[0]}: no block follows 'replay: {said[1]}'")
            needs_engine = needs_engine or one[1] == "engine"
            folder = one[1].removeprefix("in ") if one[1].startswith("in ") else folder
            said = None if one[1] == "engine" or one[1].startswith("in ") else one
        else:
            step = _step(one, said, path)
            steps += [] if step is None else [step]
            said = None
    if said is not None:
        raise PageError(f"{path}:{said[0]}: no block follows 'replay: {said[1]}'")
    return Page(path=path, needs_engine=needs_engine, folder=folder, steps=tuple(steps))


def _parts(text: str, path: str) -> Iterator[_Fence | tuple[int, str]]:
    """Fenced blocks and directives (line, words), in order."""
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if found := _DIRECTIVE.match(line):
            yield number, found["words"]
        elif line.startswith("<!-- replay"):
            raise PageError(f"{path}:{number}: not a directive: {line}")
        elif found := _FENCE.match(line):
            inner: list[str] = []
            for _, text_line in lines:
                if text_line.strip() == found["mark"]:
                    break
                inner.append(text_line.removeprefix(found["indent"]))
            else:
                raise PageError(f"{path}:{number}: this block does not end")
            if found["indent"] and found["language"] == "console":
                raise PageError(f"{path}:{number}: a console block begins at the line's start")
            yield _Fence(line=number, language=found["language"], lines=tuple(inner))


def _step(fence: _Fence, said: tuple[int, str] | None, path: str) -> Shown | Block | None:
    words = said[1] if said else ""
    if words.startswith("file "):
        text = "\n".join((*fence.lines, ""))
        return Shown(line=fence.line, path=words.removeprefix("file "), text=text)
    if fence.language != "console":
        if fence.language in _SHELLS and any(_COMMAND.match(line) for line in fence.lines):
            raise PageError(f"{path}:{fence.line}: commands stand in blocks of the language console, after '$ '")
        if words:
            raise PageError(f"{path}:{fence.line}: 'replay: {words}' is for console blocks")
        return None
    exit_code, not_run = 0, ""
    if found := re.fullmatch(r"exit (\d+)", words):
        exit_code = int(found[1])
    elif found := re.fullmatch(r"not run: (.+)", words):
        not_run = found[1]
    elif words:
        raise PageError(f"{path}:{fence.line}: no directive is called 'replay: {words}'")
    commands = tuple(_commands(fence.lines, fence.line + 1, path))
    return Block(line=fence.line, commands=commands, exit_code=exit_code, not_run=not_run)


def _commands(lines: Sequence[str], first: int, path: str) -> Iterator[Command]:
    if not lines or not lines[0].startswith("$ "):
        raise PageError(f"{path}:{first}: a console block begins with '$ ' and a command")
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        typed = 1
        while start + typed < end and lines[start + typed].startswith("> "):
            typed += 1
        text = "\n".join(line[2:] for line in lines[start : start + typed])
        yield Command(line=first + start, text=text, output=tuple(lines[start + typed : end]))
