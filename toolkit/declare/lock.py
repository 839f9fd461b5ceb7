"""`envs/lock.yaml`: the digests of the bases, read with the places of its mistakes, written with its comments kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.diagnostics import has_errors
from toolkit.documents import load
from toolkit.documents.edit import remove_value, set_value
from toolkit.errors import InvalidError, NotFoundError, ToolkitError
from toolkit.model.limits import MAX_BYTES
from toolkit.model.lock import Lock
from toolkit.paths import ENVIRONMENTS, LOCK_NAME
from toolkit.schema import check as check_schema

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.diagnostics import Diagnostic

PATH = f"{ENVIRONMENTS}/{LOCK_NAME}"
VERSION = 1
_HEAD = f"""\
# The images that our environments are built on, as they were when `toolkit lock` wrote this.
# `toolkit up --locked` takes no others.
version: {VERSION}
"""


def read(root: Path) -> Lock:
    """Raises NotFoundError where there is none, InvalidError with every problem, ToolkitError for an unreadable one."""
    text = text_of(root)
    if text is None:
        raise NotFoundError(f"there is no {PATH}", hint="toolkit lock writes it", code="not-locked")
    return parse(text)


def text_of(root: Path) -> bytes | None:
    """The file's bytes, one more than a lock may have at the most; None where there is none."""
    try:
        with (root / PATH).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolkitError(f"{PATH} can't be read: {error.strerror}", hint="mend or remove what is there") from error


def parse(content: bytes, *, path: str = PATH) -> Lock:
    """The lock of these bytes; InvalidError with every problem."""
    found = problems(content, path=path)
    if has_errors(found):
        raise InvalidError(f"{path} is no lock file", hint="mend the places named above", diagnostics=found)
    document = load(content, path=path).document
    assert document is not None
    assert isinstance(document.data, dict)
    return Lock(bases=dict(document.data["bases"]))


def problems(content: bytes, *, path: str = PATH) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with these bytes as a lock file, by place."""
    loaded = load(content, path=path)
    found = list(loaded.diagnostics)
    if loaded.document is not None:
        found += check_schema(loaded.document, "lock")
    return tuple(sorted(found, key=lambda one: one.sort_key))


def updated(text: str, lock: Lock, *, schema_line: str = "") -> str:
    """`text` (empty: a new file, begun with `schema_line`) with exactly these bases; comments, order and layout stay.

    Raises as `parse` for a text that is no lock file.
    """
    if not text:
        text = f"{schema_line}{_HEAD}"
        known: dict[str, str] = {}
    else:
        known = dict(parse(text.encode()).bases)
    if not known:
        return set_value(text, ("bases",), dict(sorted(lock.bases.items())))
    for base, digest in sorted(lock.bases.items()):
        text = set_value(text, ("bases", base), digest)
    for base in known.keys() - lock.bases.keys():
        text = remove_value(text, ("bases", base))
    return text
