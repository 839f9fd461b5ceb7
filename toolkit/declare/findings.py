"""Collecting the problems of one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.declare.fault import Fault
from toolkit.diagnostics import Diagnostic, Severity
from toolkit.documents import Document, Pointer, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["Fault", "Findings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The problems of `document` so far."""

    document: Document
    problems: list[Diagnostic] = field(default_factory=list)

    def add(self, pointer: Pointer, fault: Fault, *, of_key: bool = False, severity: Severity = Severity.ERROR) -> None:
        line, column = self.document.place(pointer, of_key=of_key)
        self.add_at(self.document.path, (line, column), dotted(pointer), fault, severity=severity)

    def add_at(
        self, path: str, place: tuple[int, int], pointer: str, fault: Fault, *, severity: Severity = Severity.ERROR
    ) -> None:
        """A problem whose place is already known, maybe in a file that the document names."""
        self.problems.append(
            Diagnostic(
                path=path,
                line=place[0],
                column=place[1],
                pointer=pointer,
                rule=fault.rule,
                message=fault.message,
                hint=fault.hint,
                severity=severity,
            )
        )

    def mapping(self, *pointer: str | int) -> dict[str, object]:
        """The mapping there; empty where there is none, which the schema has reported."""
        value = self.value(*pointer)
        return value if isinstance(value, dict) else {}

    def items(self, *pointer: str | int) -> Iterator[tuple[Pointer, object]]:
        """The items of the list there, each with its pointer."""
        value = self.value(*pointer)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield (*pointer, index), item

    def value(self, *pointer: str | int) -> object:
        value = self.document.data
        for part in pointer:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int):
                value = value[part]
            else:
                return None
        return value
