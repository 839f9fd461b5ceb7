"""The program as its manual describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBATIM = "\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An argument or option and what it means."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Lines of a text; `verbatim` ones are shown line by line."""

    lines: tuple[str, ...]
    verbatim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`words` are such as `toolkit env list`, `text` is what its `--help` says below the usage."""

    words: str
    summary: str
    text: str
    usage: str
    arguments: tuple[Entry, ...]
    options: tuple[Entry, ...]
    verbs: tuple[Verb, ...]

    @property
    def paragraphs(self) -> Iterator[Paragraph]:
        """The text; a paragraph that begins with the mark of click for it is verbatim."""
        for part in self.text.split("\n\n"):
            lines = part.strip("\n").splitlines()
            verbatim = bool(lines) and lines[0].strip() == _VERBATIM
            if lines:
                yield Paragraph(lines=tuple(lines[1:] if verbatim else lines), verbatim=verbatim)

    def below(self) -> Iterator[Verb]:
        """This verb, then all that it groups, in order."""
        yield self
        for one in self.verbs:
            yield from one.below()
