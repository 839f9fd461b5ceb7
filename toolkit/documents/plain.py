"""YAML of the plainest kind, read line by line: the fast tier of `load`, for files whose places nobody asks for.

It knows block mappings and lists with word keys, scalars on one line, `|` texts, and brackets closed on their line;
no anchors, tags, escapes, folding or second documents. What it does not know for certain it leaves to `load`: where it
gives a value, `load` gives the same value and no problem.
"""

from __future__ import annotations

import re
from functools import lru_cache

from toolkit.documents.scalars import NumberError, resolve

_MAX_BYTES = 90_000
"""Below what could hold more values than `load` takes."""
_MAX_DEPTH = 16

_FOREIGN = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,99}):(?: +|$)")
_ITEM = re.compile(r"- +(?=[^ ])")
_REST = re.compile(r" *(?:$| #)")
_SINGLE = re.compile(r"'((?:[^']|'')*)'")
_DOUBLE = re.compile(r'"([^"\\]*)"')
_LITERAL = re.compile(r"\|([+-]?) *(?:$| #)")
_SCALAR_START = re.compile(r"[A-Za-z0-9_/.~+$(=^<;\\\x80-\U0010ffff]|-[^ -]|--+[^ -]")
# In brackets fewer characters may stand in a bare word; a colon only where a word goes on after it.
_BARE = re.compile(
    r"(?:[A-Za-z0-9_/.~+]|-(?=[A-Za-z0-9_/.~+-]))"
    r"(?:[A-Za-z0-9_/.~+=@|^$;<>()*&%!-]|:(?=[A-Za-z0-9_/])| +(?=[A-Za-z0-9_/.~+$(]))*"
)
_QUOTES = frozenset("'\"")
_OPENING = frozenset("[{")
_BLANKS = re.compile(" *")


class _NotPlainError(Exception):
    """Something that only `load` may judge."""


def read_plain(content: bytes) -> object:
    """The mapping that the text holds; None where `load` has to look at it."""
    if len(content) > _MAX_BYTES:
        return None
    try:
        text = content.decode("utf-8")
        if _FOREIGN.search(text):
            return None
        return _Lines(text).whole()
    except (UnicodeDecodeError, NumberError, _NotPlainError):
        return None


class _Lines:
    """The lines of a text and how far they are read; `_at` stands on the next line that means something."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._ended = not self._lines[-1]
        if self._ended:
            self._lines.pop()
        self._at = -1
        self._line = ""
        self._indent = -1
        self._depth = 0

    def whole(self) -> dict[str, object]:
        self._next()
        if self._line == "---" and self._indent == 0:
            self._next()
        if self._indent != 0:
            raise _NotPlainError
        found = self._mapping(0)
        if self._indent >= 0:
            raise _NotPlainError
        return found

    def _next(self) -> None:
        """Go to the next line with something on it; `_indent` is -1 at the end."""
        lines, at = self._lines, self._at + 1
        while at < len(lines):
            bare = lines[at].lstrip(" ")
            if bare and bare[0] != "#":
                break
            at += 1
        self._at = at
        if at >= len(lines):
            self._line, self._indent = "", -1
            return
        if "\t" in lines[at]:
            raise _NotPlainError
        self._line = bare
        self._indent = len(lines[at]) - len(bare)

    def _mapping(self, indent: int) -> dict[str, object]:
        """The entries that stand at `indent`; the first one is the current line."""
        self._deeper()
        found: dict[str, object] = {}
        while self._indent == indent:
            key = _KEY.match(self._line)
            if key is None or key[1] in found:
                raise _NotPlainError
            found[key[1]] = self._value(self._line[key.end() :], indent, in_mapping=True)
        self._shallower(indent)
        return found

    def _list(self, indent: int) -> list[object]:
        self._deeper()
        found: list[object] = []
        while self._indent == indent and self._line.startswith("-"):
            item = _ITEM.match(self._line)
            if item is None:
                raise _NotPlainError
            rest = self._line[item.end() :]
            if _KEY.match(rest):
                self._line = rest
                self._indent = indent + item.end()
                found.append(self._mapping(self._indent))
            else:
                found.append(self._value(rest, indent, in_mapping=False))
        self._shallower(indent)
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _NotPlainError

    def _shallower(self, indent: int) -> None:
        """What follows belongs to a parent: deeper lines would be a scalar's second line, or a fault."""
        self._depth -= 1
        if self._indent > indent:
            raise _NotPlainError

    def _value(self, rest: str, indent: int, *, in_mapping: bool) -> object:
        """The value whose first line ends in `rest`; afterwards the line after it is the current one."""
        if rest.startswith("|"):
            return self._literal(rest, indent)
        if in_mapping and (not rest or rest[0] == "#"):
            return self._below(indent)
        value = _on_one_line(rest)
        self._next()
        if self._indent > indent:
            raise _NotPlainError
        return _fresh(value) if isinstance(value, list | dict) else value

    def _below(self, indent: int) -> object:
        """The block under a key, or nothing."""
        self._next()
        if self._line.startswith("-") and self._indent >= indent and _ITEM.match(self._line):
            return self._list(self._indent)
        return self._mapping(self._indent) if self._indent > indent else None

    def _literal(self, header: str, indent: int) -> str:
        form = _LITERAL.match(header)
        if form is None:
            raise _NotPlainError
        lines, at = self._lines, self._at + 1
        while at < len(lines) and not lines[at]:
            at += 1
        first = lines[at] if at < len(lines) else ""
        inner = len(first) - len(first.lstrip(" "))
        if inner <= indent or inner == len(first):
            raise _NotPlainError
        margin = " " * inner
        found = [""] * (at - self._at - 1)
        while at < len(lines):
            line = lines[at]
            if line.startswith(margin) and line.strip(" "):
                found.append(line[inner:])
            elif not line.strip(" ") and len(line) <= inner:
                found.append("")
            else:
                break
            at += 1
        self._end_literal(at, indent)
        return _chomped(found, form[1])

    def _end_literal(self, at: int, indent: int) -> None:
        """The line after the text must be clearly outside of it."""
        if at >= len(self._lines):
            if not self._ended:
                raise _NotPlainError
        else:
            line = self._lines[at]
            if not line.strip(" ") or len(line) - len(line.lstrip(" ")) > indent:
                raise _NotPlainError
        self._at = at - 1
        self._next()


def _chomped(lines: list[str], sign: str) -> str:
    end = len(lines)
    while not lines[end - 1]:
        end -= 1
    text = "\n".join(lines[:end])
    if sign == "-":
        return text
    return text + "\n" * (len(lines) - end + 1 if sign == "+" else 1)


@lru_cache(maxsize=4096)
def _on_one_line(rest: str) -> object:
    """What stands behind a key or a dash; the files of a folder have many lines in common."""
    value, end = _scalar(rest)
    if not _REST.match(rest, end):
        raise _NotPlainError
    return value


def _fresh(value: object) -> object:
    """The same with lists and mappings of its own."""
    if isinstance(value, list):
        return [_fresh(one) for one in value]
    if isinstance(value, dict):
        return {key: _fresh(one) for key, one in value.items()}
    return value


def _scalar(text: str) -> tuple[object, int]:
    """A value on one line, and where it ends."""
    first = text[:1]
    if first in _QUOTES:
        return _quoted(text, 0)
    if first in _OPENING:
        return _brackets(text, 0, 1)
    if not _SCALAR_START.match(text):
        raise _NotPlainError
    end = text.find(" #")
    bare = (text if end < 0 else text[:end]).rstrip(" ")
    if ": " in bare or bare.endswith(":"):
        raise _NotPlainError
    return resolve(bare), len(bare)


def _quoted(text: str, at: int) -> tuple[str, int]:
    found = (_DOUBLE if text[at] == '"' else _SINGLE).match(text, at)
    if found is None:
        raise _NotPlainError
    return (found[1] if text[at] == '"' else found[1].replace("''", "'")), found.end()


def _brackets(text: str, at: int, depth: int) -> tuple[object, int]:
    """The list or mapping whose bracket stands at `at`, and where it ends."""
    if depth > _MAX_DEPTH:
        raise _NotPlainError
    is_map = text[at] == "{"
    close = "}" if is_map else "]"
    items: list[object] = []
    entries: dict[str, object] = {}
    at = _past_blanks(text, at + 1)
    while text[at : at + 1] != close:
        if is_map:
            key = _KEY.match(text, at)
            if key is None or key[1] in entries:
                raise _NotPlainError
            entries[key[1]], at = _inside(text, key.end(), depth)
        else:
            item, at = _inside(text, at, depth)
            items.append(item)
        at = _past_blanks(text, at)
        if text[at : at + 1] == ",":
            at = _past_blanks(text, at + 1)
        elif text[at : at + 1] != close:
            raise _NotPlainError
    return (entries if is_map else items), at + 1


def _inside(text: str, at: int, depth: int) -> tuple[object, int]:
    first = text[at : at + 1]
    if first in _QUOTES:
        return _quoted(text, at)
    if first in _OPENING:
        return _brackets(text, at, depth + 1)
    found = _BARE.match(text, at)
    if found is None:
        raise _NotPlainError
    return resolve(found[0]), found.end()


def _past_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at
