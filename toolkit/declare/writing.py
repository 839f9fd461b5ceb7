"""A new declaration as text: one line a key, texts of several lines as blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.documents.notation import fits_inline, inline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STEP = "  "
SCHEMA_LINE = "# yaml-language-server: $schema=../schemas/environment.schema.json\n"


def text_of(body: Mapping[str, object]) -> str:
    """YAML of plain values, in the order of the mapping."""
    return "".join(f"{line}\n" if line else "\n" for line in _mapping(body, ""))


def _mapping(entries: Mapping[str, object], pad: str) -> Iterator[str]:
    for key, value in entries.items():
        yield from _entry(f"{pad}{inline(key)}:", value, pad)


def _entry(head: str, value: object, pad: str) -> Iterator[str]:
    """The value behind `head`, or on lines of its own that stand deeper than `pad`."""
    if isinstance(value, str) and _is_block(value):
        yield f"{head} |{'' if value.endswith(chr(10)) else '-'}"
        yield from (f"{pad}{_STEP}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    elif fits_inline(value):
        yield f"{head} {inline(value)}"
    elif isinstance(value, dict):
        yield head
        yield from _mapping(value, pad + _STEP)
    elif isinstance(value, list):
        yield head
        yield from _list(value, pad + _STEP)


def _list(items: Sequence[object], pad: str) -> Iterator[str]:
    for one in items:
        if isinstance(one, dict) and one:
            lines = list(_mapping(one, pad + _STEP))
            yield f"{pad}- {lines[0].removeprefix(pad + _STEP)}"
            yield from lines[1:]
        else:
            yield from _entry(f"{pad}-", one, pad)


def _is_block(text: str) -> bool:
    """Whether a literal block holds it unchanged: printable lines, the first not indented, one line end at most."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1])
        and all(line.replace("\t", " ").isprintable() for line in lines)
    )
