"""A git repository inside a container, read as files: it works as well when the container has stopped.

Nothing in there is trusted: objects and refs are taken, configuration and hooks never are.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError
from toolkit.sessions.records import read_file
from toolkit.sessions.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.engines.base import Engine

_IDENTITY = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_IN_MEMORY = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerRefs:
    """`refs`: full name → object id. `head`: the commit of a detached HEAD; empty when it names a branch."""

    refs: Mapping[str, str] = field(default_factory=dict)
    head: str = ""


def read_refs(engine: Engine, container: str, folder: str) -> InnerRefs:
    """The refs of the git folder `folder`; none where there is no such folder (yet)."""
    with ThreadPoolExecutor(3) as pool:  # the engine takes its time for each
        packed = pool.submit(_text, engine, container, f"{folder}/packed-refs")
        loose = pool.submit(_loose, engine, container, folder)
        head = _text(engine, container, f"{folder}/HEAD").strip()
        found = {**_packed(packed.result()), **loose.result()}
    return InnerRefs(refs=found, head=head if _IDENTITY.fullmatch(head) else "")


def _packed(text: str) -> dict[str, str]:
    lines = (line.partition(" ") for line in text.splitlines())
    return {name: identity for identity, _, name in lines if _IDENTITY.fullmatch(identity)}


def copy_objects(engine: Engine, container: str, folder: str, into: Path) -> None:
    """The repository's own objects, laid out below `into`/objects; what it borrows elsewhere is not among them."""
    try:
        chunks = engine.get_archive(container, f"{folder}/objects")
    except NotFoundError:
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        for chunk in chunks:
            spool.write(chunk)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as tar:
            wanted = [one for one in tar if one.isfile() and _is_object(one.name)]
            unpack(tar, into, wanted)


def _is_object(name: str) -> bool:
    """`objects/ab/…` and `objects/pack/pack-….(pack|idx)`: not what says where else to look."""
    parts = PurePosixPath(name).parts
    if len(parts) != 3 or parts[0] != "objects":
        return False
    if parts[1] == "pack":
        return parts[2].startswith("pack-") and parts[2].endswith((".pack", ".idx"))
    return bool(re.fullmatch(r"[0-9a-f]{2}", parts[1]))


def _loose(engine: Engine, container: str, folder: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        chunks = engine.get_archive(container, f"{folder}/refs")
    except NotFoundError:
        return found
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        for chunk in chunks:
            spool.write(chunk)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.isfile() else None
                text = file.read(128).decode("ascii", "replace").strip() if file else ""
                if _IDENTITY.fullmatch(text):
                    found[entry.name] = text
    return found


def _text(engine: Engine, container: str, path: str) -> str:
    try:
        return read_file(engine, container, path).decode("utf-8", "replace")
    except NotFoundError:
        return ""
