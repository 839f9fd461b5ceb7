"""Bytes → Document, with every reason why not; built from the parser's events, so that no input can recurse us out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolkit.diagnostics import Diagnostic
from toolkit.documents.builder import Builder
from toolkit.documents.document import Document, Loaded, Node, Pointer
from toolkit.documents.plain import read_plain
from toolkit.documents.text import SourceText
from toolkit.model.limits import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml.events import Event

__all__ = ["MAX_BYTES", "Pointer", "load", "load_plain"]

# YAML 1.2.2 section 5.1, c-printable; a CR that ends no CRLF is a line break of its own.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_FORMER_BREAKS = "\x85\u2028\u2029"
# The parser lets plain exceptions through on some malformed input, e.g. an OverflowError on "\UFFFFFFFF".
_LEAKED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
# The parser needs many seconds for a tag of a megabyte, and no tag of ours is this long.
_ENDLESS_TAG = re.compile(r"(?:(?<=[\s\[{,])|^)![^\s]{4096}")


def load(text: bytes, *, path: str) -> Loaded:
    """Read one YAML 1.2 document; never raises on what the bytes hold."""
    if len(text) > MAX_BYTES:
        return _refused(path, (1, 1), "file-too-large", f"the file has {len(text)} bytes; 1 MiB is the limit")
    try:
        decoded = text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = SourceText(text[: error.start].decode("utf-8", errors="replace").removeprefix("\ufeff"))
        return _refused(
            path,
            before.place(len(before.text)),
            "invalid-utf-8",
            f"byte 0x{text[error.start]:02x} is not valid UTF-8",
            hint="save the file as UTF-8",
        )
    return _parse(SourceText(decoded), path)


def load_plain(content: bytes, *, path: str) -> Document | None:
    """A document of the plainest kind without its places, many times faster; None where only `load` will do."""
    data = read_plain(content)
    if data is None:
        return None
    return Document(path=path, data=data, root=Node(start=0, value=None), source=SourceText(""), placed=False)


def _parse(source: SourceText, path: str) -> Loaded:
    unprintable = _UNPRINTABLE.search(source.text)
    if unprintable:
        return _refused(
            path,
            source.place(unprintable.start()),
            "yaml-control-character",
            f"the character U+{ord(unprintable[0]):04X} is not allowed in YAML",
            hint='in a double-quoted text it can be written as an escape such as "\\x1b"',
        )
    endless = _ENDLESS_TAG.search(source.text)
    if endless:
        return _refused(path, source.place(endless.start()), "yaml-tag", "a tag of this length is not supported")
    stand_ins = _stand_ins(source.text)
    builder = Builder(path=path, source=source, meant={ord(put): real for real, put in stand_ins.items()})
    failure = _feed(builder, source.text.translate({ord(real): put for real, put in stand_ins.items()}))
    diagnostics = (*builder.diagnostics, *([failure] if failure else []))
    if failure is not None or builder.stopped:
        return Loaded(document=None, diagnostics=diagnostics)
    root = builder.root or Node(start=0, value=None)
    document = Document(path=path, data=root.plain(), root=root, source=source)
    return Loaded(document=document, diagnostics=diagnostics)


def _stand_ins(text: str) -> dict[str, str]:
    """A character that the text does not have for each that YAML 1.2 took off the line breaks.

    The parser still breaks lines there, as YAML 1.1 did. One for one, so that offsets stay.
    """
    present = [one for one in _FORMER_BREAKS if one in text]
    unused = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text)
    return dict(zip(present, unused, strict=False))


def _feed(builder: Builder, text: str) -> Diagnostic | None:
    """Hand the events to the builder until it has seen enough; the syntax error, if that came first."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        for event in _events(text):
            builder.take(event)
            if builder.stopped:
                break
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return _syntax(builder.path, builder.source, mark.index if mark else 0, error)
    except (YAMLError, *_LEAKED) as error:
        return _syntax(builder.path, builder.source, builder.offset, error)
    return None


def _events(text: str) -> Iterator[Event]:
    from ruamel.yaml import YAML

    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


def _syntax(path: str, source: SourceText, offset: int, error: Exception) -> Diagnostic:
    problem = str(getattr(error, "problem", "") or error or type(error).__name__).strip().splitlines()[0]
    context = str(getattr(error, "context", "") or "").strip()
    opened = getattr(error, "context_mark", None)
    hint = ""
    if "'\\t'" in problem:
        problem, context, hint = "a tab can't indent or start a value in YAML", "", "use spaces"
    elif problem == "mapping values are not allowed here":
        problem, context, hint = "a second ': ' in one value", "", "put the text in quotes, or begin a new line"
    elif opened is not None and "end" in problem:
        hint = f"it begins in line {source.place(opened.index)[0]}"
    message = f"{problem} {context}" if context.startswith("while") else problem
    line, column = source.place(offset)
    return Diagnostic(path=path, line=line, column=column, pointer="", rule="yaml-syntax", message=message, hint=hint)


def _refused(path: str, place: tuple[int, int], rule: str, message: str, *, hint: str = "") -> Loaded:
    line, column = place
    problem = Diagnostic(path=path, line=line, column=column, pointer="", rule=rule, message=message, hint=hint)
    return Loaded(document=None, diagnostics=(problem,))
