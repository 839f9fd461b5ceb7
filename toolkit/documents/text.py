"""Offsets in a text and the lines and columns that people count."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_BREAK = re.compile(r"\r\n|\n|\r")


class SourceText:
    """Lines end at LF, CRLF or CR, as editors count them; other Unicode separators do not end a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._indentations: dict[int, int] = {}

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column (characters), both from 1."""
        line = bisect_right(self._starts, min(offset, len(self.text)))
        return line, min(offset, len(self.text)) - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end; empty past the last."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def place_within(self, start: int, style: str, value: str, line: int, column: int) -> tuple[int, int]:
        """The place of a line and column of the scalar that begins at `start`."""
        header, first_column = self.place(start)
        if style == "|":
            if start not in self._indentations:
                self._indentations[start] = self._indentation(header, value)
            return header + line, self._indentations[start] + column
        quote = 1 if style in {"'", '"'} else 0
        if line == 1 and self.text.startswith(value, start + quote):
            return header, first_column + quote + column - 1
        return header, first_column

    def _indentation(self, header: int, value: str) -> int:
        for index, content in enumerate(value.split("\n"), start=1):
            if content.strip():
                return max(len(self.line(header + index)) - len(content), 0)
        return 0
