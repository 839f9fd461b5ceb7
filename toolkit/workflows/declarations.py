"""The declared environments of a root: all, one, and one with the origins of its values."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from toolkit.declare.catalog import Catalog, Examined, name_clashes
from toolkit.declare.spec import as_declared
from toolkit.declare.tree import Tree
from toolkit.diagnostics import Diagnostic, Severity, did_you_mean, has_errors
from toolkit.documents import dotted
from toolkit.errors import InvalidError, NotFoundError
from toolkit.model.declarations import Shown
from toolkit.paths import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from toolkit.declare.declaration import Declaration
    from toolkit.model.environment import EnvironmentSpec

_HEAD = ("version", "name", "description", "archived")


def all_environments(root: Path) -> tuple[EnvironmentSpec, ...]:
    """Every environment, archived ones too, sorted by name; raises InvalidError with every error of every file."""
    catalog = Catalog(tree=Tree.at(root))
    examined = [catalog.examine(path) for path in catalog.tree.environments()]
    problems = [one for each in examined for one in each.problems]
    problems += name_clashes(each.declaration for each in examined)
    if has_errors(problems):
        raise invalid(problems)
    return tuple(sorted((each.spec for each in examined if each.spec is not None), key=lambda spec: spec.name))


def environment(root: Path, name: str) -> EnvironmentSpec:
    """One environment; problems of others do not matter, except of those that it extends.

    Raises NotFoundError with what exists, InvalidError with the problems of its files.
    """
    spec = examined(root, name).spec
    assert spec is not None
    return spec


def names(root: Path) -> tuple[str, ...]:
    """The names of all environments by their files, unread: for completion and for “what exists”."""
    return tuple(PurePosixPath(path).stem for path in Tree.at(root).environments() if path.endswith(".yaml"))


def show(root: Path, name: str) -> Shown:
    """The effective declaration of an environment, its revision and build, and the place of each declared value."""
    from toolkit.workflows.images import build_of

    found = examined(root, name)
    assert found.spec is not None
    assert found.effective is not None
    head = _head_origins(found.declaration)
    body = {dotted(_shown_pointer(pointer)): str(place) for pointer, place in found.effective.leaves() if pointer}
    return Shown(
        spec=found.spec,
        environment=as_declared(found.spec),
        origins=dict(sorted({**head, **body}.items())),
        build=build_of(root, found.spec),
        warnings=tuple(one for one in found.problems if one.severity is Severity.WARNING),
    )


def examined(root: Path, name: str) -> Examined:
    """The file of an environment after all checks, without errors; raises NotFoundError, InvalidError."""
    path = path_of(root, name)
    catalog = Catalog(tree=Tree.at(root))
    found = catalog.examine(path)
    if found.spec is None:
        raise invalid(one for parent in found.lineage for one in catalog.examine(parent).problems)
    return found


def path_of(root: Path, name: str) -> str:
    """The file of an environment, relative to the root; raises NotFoundError."""
    known = names(root)
    if name not in known:
        there_is = f"there is {', '.join(known)}" if known else f"{ENVIRONMENTS}/ is empty; toolkit env new makes one"
        close = did_you_mean(name, known)
        raise NotFoundError(f"environment '{name}' does not exist", hint=f"{close} {there_is}" if close else there_is)
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
