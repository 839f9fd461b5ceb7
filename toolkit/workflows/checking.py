"""Checking many files: what is remembered is not read again, the rest is shared out between processes."""

from __future__ import annotations

import os
import sys

from toolkit.diagnostics import Diagnostic, Severity
from toolkit.memory import Memory, digest_of, noted, states_of
from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from toolkit.declare.catalog import Catalog, Examined
    from toolkit.declare.tree import Seen, Tree

_FEW = 500
"""Up to this many files one process is done sooner than two are started."""
_CHUNK = 250
_MANY = 100
"""From so many files on one look at all their states is worth more than one at each finding."""
_MOST_PROCESSES = 4
_SECONDS = 600.0


class Checked(Record):
    """One file: its problems, the name that it claims (None: it can't be read), and what its parents are.

    `broken_parent` is to be told where no parent is checked itself. `rests_on`: the files that a finding without errors
    was made of, empty where it is not to be remembered.
    """

    path: str
    name: str | None
    problems: tuple[Diagnostic, ...]
    parents: tuple[str, ...] = ()
    broken_parent: Diagnostic | None = None
    rests_on: tuple[str, ...] = ()


def check(tree: Tree, paths: Sequence[str]) -> list[Checked]:
    """Check declarations of a tree, in order."""
    memory = Memory.of("verdicts", tree.root, str(tree.boundary))
    found = {path: one for path in paths if (one := _recalled(memory, path)) is not None}
    rest = [path for path in paths if path not in found]
    seen: dict[str, list[Any]] = {}
    fresh: list[Checked] = []
    for checked, files in _shared_out(tree, rest):
        fresh += checked
        seen |= files
    found |= dict(zip(rest, fresh, strict=True))
    memory.keep({path: (found[path].rests_on, _fields(found[path])) for path in rest if found[path].rests_on}, seen)
    if len(paths) >= _MANY:
        _keep_whole(memory, tree, paths, [found[path] for path in paths])
    return [found[path] for path in paths]


def unchanged(tree: Tree, paths: Sequence[str]) -> list[Diagnostic] | None:
    """The warnings of many declarations that were checked together before, without errors, where none was touched."""
    if len(paths) < _MANY:
        return None
    kept = _whole(tree).recall(_key(paths))
    try:
        digest, problems = kept
        if digest == digest_of(paths, states_of(tree.root, paths)):
            return [_diagnostic(one) for one in problems]
    except (OSError, TypeError, ValueError, LookupError):
        pass
    return None


def _keep_whole(memory: Memory, tree: Tree, paths: Sequence[str], checked: Sequence[Checked]) -> None:
    try:
        noted_files = {name: one for path in paths for name, one in memory.rests_on(path).items()}
        states = [noted_files[path][:4] for path in paths]
    except LookupError:  # one has errors: such files are looked at again each time
        return
    if all(state[0] for state in states):  # else one is too young for its state to tell
        beside = {name: noted_files[name] for name in noted_files.keys() - set(paths)}
        problems = [_diagnostic_fields(problem) for one in checked for problem in one.problems]
        _whole(tree).keep({_key(paths): (beside, [digest_of(paths, states), problems])}, beside)


def _whole(tree: Tree) -> Memory:
    return Memory.of("folders", tree.root, str(tree.boundary))


def _key(paths: Sequence[str]) -> str:
    return f"{len(paths)} from {paths[0]}"


def examined_in(catalog: Catalog, paths: Sequence[str]) -> list[Checked]:
    """The same by one catalog, nothing remembered."""
    return [_checked(catalog, catalog.examine(path)) for path in paths]


def _checked(catalog: Catalog, found: Examined) -> Checked:
    own = found.declaration
    return Checked(
        path=own.path,
        name=own.name if own.document is not None else None,
        problems=found.problems,
        parents=found.lineage[:-1],
        broken_parent=catalog.broken_parent(found),
        rests_on=catalog.rests_on(found) if found.passes else (),
    )


def _shared_out(tree: Tree, paths: Sequence[str]) -> Iterator[tuple[list[Checked], dict[str, list[Any]]]]:
    chunks = [(tree, paths[at : at + _CHUNK]) for at in range(0, len(paths), _CHUNK)]
    processes = min(_processors(), _MOST_PROCESSES)
    # Elsewhere a new process has to import everything anew, and on macOS a forked one may not use system libraries.
    if len(paths) <= _FEW or processes < 2 or not sys.platform.startswith("linux"):
        yield from map(_chunk, chunks)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    _load_ahead()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        yield from pool.map(_chunk, chunks, timeout=_SECONDS)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _load_ahead() -> None:
    """What each process would load for itself."""
    from toolkit.declare import catalog  # noqa: F401 -- with all that it imports
    from toolkit.schema import passes

    passes({}, "environment")


def _chunk(work: tuple[Tree, Sequence[str]]) -> tuple[list[Checked], dict[str, list[Any]]]:
    from toolkit.declare.catalog import Catalog

    tree, paths = work
    seen: dict[str, Seen] = {}
    checked = examined_in(Catalog(tree=tree.noting(seen), quick=True), paths)
    return checked, {path: noted(one.state, one.content) for path, one in seen.items()}


def _recalled(memory: Memory, path: str) -> Checked | None:
    kept = memory.recall(path)
    try:
        name, parents, problems = kept
        warnings = tuple(_diagnostic(one) for one in problems)
        return Checked(path=path, name=name, problems=warnings, parents=tuple(parents))
    except (TypeError, ValueError, LookupError):
        return None


def _fields(checked: Checked) -> list[Any]:
    return [checked.name, checked.parents, [_diagnostic_fields(one) for one in checked.problems]]


def _diagnostic(fields: dict[str, Any]) -> Diagnostic:
    return Diagnostic(**{**fields, "severity": Severity(fields["severity"])})


def _diagnostic_fields(problem: Diagnostic) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in Diagnostic.record_fields}
