"""JSON with comments and trailing commas, as devcontainer.json and editors' settings are written."""

from __future__ import annotations

import json
import re

from toolkit.diagnostics import Diagnostic
from toolkit.errors import InvalidError

# A text or comment that is not closed goes to its end: looking for it again at each place would take for ever.
_TEXT = r'"(?:[^"\\\n]|\\.)*"?'
_COMMENT = re.compile(rf"(?P<text>{_TEXT})|//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)")
_TRAILING_COMMA = re.compile(rf"(?P<text>{_TEXT})|,(?=\s*[\]}}])")
_NOT_A_BREAK = re.compile(r"[^\n]")


def loads(content: bytes, *, path: str) -> object:
    """The value of the text; raises InvalidError with the place of what is wrong.

    Comments and commas become blanks of the same length, so that places are those of the file.
    """
    try:
        text = content.decode("utf-8-sig")
        bare = _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
        return _whole(json.loads(bare, parse_constant=_no_number))
    except UnicodeDecodeError as error:
        raise _invalid(path, content[: error.start].count(b"\n") + 1, 1, "is not valid UTF-8") from error
    except UnicodeEncodeError as error:
        raise _invalid(path, 1, 1, "a text holds half a character, such as \\ud83d alone") from error
    except json.JSONDecodeError as error:
        raise _invalid(path, error.lineno, error.colno, error.msg) from error
    except RecursionError as error:
        raise _invalid(path, 1, 1, "is nested too deeply") from error
    except ValueError as error:
        raise _invalid(path, 1, 1, str(error)) from error


def _blank(found: re.Match[str]) -> str:
    return found["text"] or _NOT_A_BREAK.sub(" ", found[0])


def _whole(value: object) -> object:
    """The value, if all its characters can be written; raises UnicodeEncodeError."""
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not a number of JSON")


def _invalid(path: str, line: int, column: int, message: str) -> InvalidError:
    problem = Diagnostic(path=path, line=line, column=column, pointer="", rule="json-syntax", message=message)
    return InvalidError(
        f"{path} is not JSON with comments", hint="mend it at the place that is named", diagnostics=[problem]
    )
