"""`.env` text: checked line by line by rules of our own, then read by python-dotenv.

python-dotenv is laxer: it skips lines that it does not understand and keeps `bar#baz` whole. So each assignment is
brought into a form that it can read in one way only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO

from toolkit.declare.findings import Fault

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPORT = re.compile(r"export[ \t]+(?=[^ \t=])")
_QUOTED = {'"': re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL), "'": re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)}
_SIMPLE = re.compile(r"'([^'\\\r\n]*)'")
_REST = re.compile(r"[ \t]*(#.*)?")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_RESERVED = re.compile(
    r"TOOLKIT_.*|CLAUDE_CODE_REMOTE.*|"
    r"(?i:(HTTP|HTTPS|FTP|ALL|NO)_PROXY|NPM_CONFIG_(HTTPS?_)?PROXY|NPM_CONFIG_NOPROXY)|"
    r"SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|(?i:NPM_CONFIG_CAFILE)|PIP_CERT|"
    r"GIT_SSL_CA(INFO|PATH)|GIT_PROXY_SSL_CAINFO|AWS_CA_BUNDLE|CARGO_HTTP_CAINFO|GRPC_DEFAULT_SSL_ROOTS_FILE_PATH|"
    r"DENO_CERT"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One `KEY=value`; `line` and `column` of the key, from 1; `text` in the form that python-dotenv reads."""

    key: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFault:
    """A fault at a place of the text; `is_warning` where the text can be used all the same.

    `first` is the line of the assignment that a later one repeats, 0 for other faults.
    """

    line: int
    column: int
    key: str
    fault: Fault
    is_warning: bool = False
    first: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What a text says: assignments in order, and every fault."""

    assignments: tuple[Assignment, ...]
    faults: tuple[TextFault, ...]


def check(text: str) -> Variables:
    """Every assignment and every fault of `.env` text; never raises."""
    return _Reader(text.replace("\r\n", "\n")).read()


def value_of(assignment: Assignment) -> str:
    """The value, without quotes; nothing is interpolated."""
    simple = _SIMPLE.fullmatch(assignment.text, len(assignment.key) + 1)
    if simple:  # nothing that quotes or escapes could change: python-dotenv would say the same, later
        return simple[1]
    from dotenv import dotenv_values

    return dotenv_values(stream=StringIO(assignment.text), interpolate=False)[assignment.key] or ""


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self._first: dict[str, int] = {}
        self._assignments: list[Assignment] = []
        self._faults: list[TextFault] = []

    def read(self) -> Variables:
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            self._one(self._text[self._at : end if end >= 0 else len(self._text)])
            following = self._text.find("\n", self._at)
            self._move(len(self._text) if following < 0 else following + 1)
        return Variables(assignments=tuple(self._assignments), faults=tuple(self._faults))

    def _move(self, to: int) -> None:
        breaks = self._text.count("\n", self._at, to)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind("\n", self._at, to) + 1
        self._at = to

    def _one(self, line: str) -> None:
        """The statement that begins on this line; afterwards `_at` stands on its last line."""
        stripped = line.strip(" \t")
        if not stripped or stripped.startswith("#"):
            return
        indent = len(line) - len(line.lstrip(" \t"))
        export = _EXPORT.match(line, indent)
        start = self._at + (export.end() if export else indent)
        equals = line.find("=")
        if equals < 0:
            message = f"{_shown(stripped)} is no assignment"
            self._fault(self._at + indent, "", "dotenv-line", message, "write KEY=value, or # before it")
            return
        key = self._text[start : self._at + equals].rstrip(" \t")
        key = self._checked_key(start, key)
        self._value(start, key, self._at + equals + 1)

    def _checked_key(self, start: int, key: str) -> str:
        if not _KEY.fullmatch(key):
            hint = "letters, digits and _, not a digit first"
            self._fault(start, "", "dotenv-key", f"{_shown(key)} is not the name of a variable", hint)
            return ""
        if _RESERVED.fullmatch(key):
            hint = "sessions set it themselves; choose another name"
            self._fault(start, key, "dotenv-reserved", f"the name {key} is reserved", hint)
        return key

    def _value(self, start: int, key: str, begin: int) -> None:
        while self._text[begin : begin + 1] in {" ", "\t"}:
            begin += 1
        quote = self._text[begin : begin + 1]
        place = (self._line, start - self._line_start + 1)
        text = self._quoted(key, begin, quote) if quote in _QUOTED else self._unquoted(key, begin)
        if not key or text is None:
            return
        self._note_duplicate(key, place)
        self._assignments.append(Assignment(key=key, text=f"{key}={text}", line=place[0], column=place[1]))

    def _quoted(self, key: str, begin: int, quote: str) -> str | None:
        found = _QUOTED[quote].match(self._text, begin)
        if found is None:
            self._fault(begin, key, "dotenv-quote", f"the quote {quote} is not closed", f"close it with {quote}")
            return None
        self._control(key, found[0], begin)
        self._move(found.end())
        end = self._text.find("\n", self._at)
        rest = self._text[self._at : end if end >= 0 else len(self._text)]
        if not _REST.fullmatch(rest):
            after = self._at + len(rest) - len(rest.lstrip(" \t"))
            hint = "quote the whole value, or none of it"
            self._fault(
                after, key, "dotenv-after-quote", f"{_shown(rest.strip())} stands after the closing quote", hint
            )
        return found[0]

    def _unquoted(self, key: str, begin: int) -> str:
        end = self._text.find("\n", begin)
        whole = self._text[begin : end if end >= 0 else len(self._text)]
        value = whole.partition("#")[0].strip(" \t")
        self._control(key, whole, begin)
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"

    def _control(self, key: str, text: str, begin: int) -> None:
        found = _CONTROL.search(text)
        if found is None:
            return
        self._fault(begin, key, "dotenv-control-character", f"the value holds the character U+{ord(found[0]):04X}", "")

    def _note_duplicate(self, key: str, place: tuple[int, int]) -> None:
        first = self._first.setdefault(key, place[0])
        if first == place[0]:
            return
        fault = Fault(rule="dotenv-duplicate", message=f"{key} is set twice; the last one counts")
        line, column = place
        self._faults.append(TextFault(line=line, column=column, key=key, fault=fault, is_warning=True, first=first))

    def _fault(self, offset: int, key: str, rule: str, message: str, hint: str) -> None:
        line = self._line + self._text.count("\n", self._at, offset)
        column = offset - max(self._text.rfind("\n", 0, offset) + 1, 0) + 1
        fault = Fault(rule=rule, message=message, hint=hint)
        self._faults.append(TextFault(line=line, column=column, key=key, fault=fault))


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 60 else repr(text[:57] + "…")
