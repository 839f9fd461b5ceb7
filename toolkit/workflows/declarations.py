"""The declared environments of a root: all, one, and one with the origins of its values."""

from __future__ import annotations

from pathlib import PurePosixPath

from toolkit.declare.tree import Tree
from toolkit.diagnostics import Diagnostic, Severity
from toolkit.errors import InvalidError
from toolkit.memory import Memory, noted
from toolkit.paths import ENVIRONMENTS
from toolkit.workflows.unknown import unknown_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from toolkit.declare.catalog import Examined
    from toolkit.declare.declaration import Declaration
    from toolkit.declare.tree import Seen
    from toolkit.model.declarations import Shown
    from toolkit.model.environment import EnvironmentSpec

_HEAD = ("version", "name", "description", "archived")


def all_environments(root: Path) -> tuple[EnvironmentSpec, ...]:
    """Every environment, archived ones too, sorted by name; raises InvalidError with every error of every file."""
    from toolkit.declare.recorded_spec import restore

    tree = Tree.at(root)
    memory = Memory.of("specs", tree.root, str(tree.boundary))
    kept = {path: memory.recall(path) for path in tree.environments()}
    try:
        specs = {path: restore(one) for path, one in kept.items() if one is not None}
    except (LookupError, TypeError, ValueError, AttributeError):
        specs = {}
    if len(specs) < len(kept):
        specs |= _built(tree, memory, [path for path in kept if path not in specs])
    return tuple(sorted(specs.values(), key=lambda spec: spec.name))


def _built(tree: Tree, memory: Memory, paths: Sequence[str]) -> dict[str, EnvironmentSpec]:
    """The specs of files that are not remembered, and from now on are; raises InvalidError as above."""
    from toolkit.declare.catalog import Catalog
    from toolkit.declare.recorded_spec import record

    seen: dict[str, Seen] = {}
    catalog = Catalog(tree=tree.noting(seen), quick=True)
    examined = {path: catalog.examine(path) for path in paths}
    specs = {path: spec for path, one in examined.items() if (spec := one.spec) is not None}
    if len(specs) < len(paths):
        raise invalid(_all_problems(tree))
    memory.keep(
        {path: (catalog.rests_on(one), record(specs[path])) for path, one in examined.items()},
        {path: noted(one.state, one.content) for path, one in seen.items()},
    )
    return specs


def _all_problems(tree: Tree) -> list[Diagnostic]:
    from toolkit.declare.catalog import Catalog, name_clashes

    catalog = Catalog(tree=tree, quick=True)
    examined = [catalog.examine(path) for path in tree.environments()]
    problems = [one for each in examined for one in each.problems]
    return problems + name_clashes(each.declaration for each in examined)


def environment(root: Path, name: str) -> EnvironmentSpec:
    """One environment; problems of others do not matter, except of those that it extends.

    Raises NotFoundError with what exists, InvalidError with the problems of its files.
    """
    spec = examined(root, name).spec
    assert spec is not None
    return spec


def names(root: Path) -> tuple[str, ...]:
    """The names of all environments by their files, unread: for completion and for “what exists”."""
    return tuple(sorted(PurePosixPath(path).stem for path in Tree.at(root).environments() if path.endswith(".yaml")))


def show(root: Path, name: str) -> Shown:
    """The effective declaration of an environment, its revision and build, and the place of each declared value."""
    from toolkit.declare.spec import as_declared
    from toolkit.documents import dotted
    from toolkit.model.declarations import Shown
    from toolkit.workflows.builds import build_of

    found = examined(root, name)
    assert found.spec is not None
    assert found.effective is not None
    head = _head_origins(found.declaration)
    leaves = [(pointer, place) for pointer, place in found.effective.leaves() if pointer and pointer[3:] != ("pem",)]
    body = {dotted(_shown_pointer(pointer)): str(place) for pointer, place in leaves}
    return Shown(
        spec=found.spec,
        environment=as_declared(found.spec),
        origins=dict(sorted({**head, **body}.items())),
        build=build_of(root, found.spec),
        warnings=tuple(one for one in found.problems if one.severity is Severity.WARNING),
    )


def with_places(root: Path, name: str) -> tuple[EnvironmentSpec, dict[str, str]]:
    """One environment, and where each value in force was written: dotted pointer → `path:line:column`.

    Raises as `environment`.
    """
    from toolkit.declare.recorded_spec import record, restore

    path = path_of(root, name)
    tree = Tree.at(root)
    memory = Memory.of("places", tree.root, str(tree.boundary))
    try:
        fields, places = memory.recall(path)
        return restore(fields), dict(places)
    except (LookupError, TypeError, ValueError, AttributeError):  # not remembered, or not what was kept
        pass
    from toolkit.documents import dotted

    seen: dict[str, Seen] = {}
    found, rests_on = _examined(tree.noting(seen), path)
    assert found.spec is not None
    assert found.effective is not None
    places = {dotted(pointer): str(place) for pointer, place in found.effective.leaves()}
    files = {one: noted(at.state, at.content) for one, at in seen.items()}
    memory.keep({path: (rests_on, [record(found.spec), places])}, files)
    return found.spec, places


def examined(root: Path, name: str) -> Examined:
    """The file of an environment after all checks, without errors; raises NotFoundError, InvalidError."""
    return _examined(Tree.at(root), path_of(root, name))[0]


def _examined(tree: Tree, path: str) -> tuple[Examined, tuple[str, ...]]:
    """A file after all checks, without errors, and the files that went into it."""
    from toolkit.declare.catalog import Catalog

    catalog = Catalog(tree=tree)
    found = catalog.examine(path)
    if not found.passes:
        raise invalid(one for parent in found.lineage for one in catalog.examine(parent).problems)
    return found, catalog.rests_on(found)


def path_of(root: Path, name: str) -> str:
    """The file of an environment, relative to the root; raises NotFoundError."""
    known = names(root)
    if name not in known:
        raise unknown_environment(name, known)
    return f"{ENVIRONMENTS}/{name}.yaml"


def invalid(problems: Iterable[Diagnostic]) -> InvalidError:
    errors = sorted({one for one in problems if one.severity is Severity.ERROR}, key=lambda one: one.sort_key)
    files = sorted({one.path for one in errors})
    shown = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
    return InvalidError(
        f"{len(errors)} {'problem' if len(errors) == 1 else 'problems'} in {shown}",
        hint="toolkit validate shows all problems and warnings",
        diagnostics=errors,
    )


def _head_origins(declaration: Declaration) -> dict[str, str]:
    """Where the keys stand that belong to the file itself and are never inherited."""
    document = declaration.document
    if document is None or not isinstance(document.data, dict):
        return {}
    places = {key: document.place((key,)) for key in _HEAD if key in document.data}
    return {key: f"{declaration.path}:{line}:{column}" for key, (line, column) in places.items()}


def _shown_pointer(pointer: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Certificates are shown by name alone."""
    if pointer[:2] == ("image", "ca_certificates"):
        return pointer[:3]
    return pointer
