"""Choosing the environment: managed > command line > project local > project > user > only > default > first."""

from __future__ import annotations

from toolkit import settings
from toolkit.errors import ToolkitError
from toolkit.model.selection import Overview, Selection, SelectionChange, Source
from toolkit.record import Record
from toolkit.settings import Layer
from toolkit.workflows.unknown import unknown_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from toolkit.model.environment import EnvironmentSpec

_KEY = ("remote", "default_environment")
_DEFAULT = "default"
_FALLBACKS = {"only": "the only one", "default": "the default", "first": "the first by name"}


class _Choice(Record):
    name: str
    source: Source


def selected(root: Path, environments: Sequence[EnvironmentSpec], *, explicit: str | None = None) -> Selection:
    """The environment that a session gets; `explicit` is `--env`.

    An archived or missing choice of a settings file is passed over with a warning. Raises NotFoundError for an
    explicit name that does not exist, ToolkitError for one that is archived or that managed settings forbid.
    """
    if explicit is not None:
        _usable(environments, explicit)
    usable = {one.name for one in environments if not one.archived}
    choices = list(_choices(root, explicit))
    winner = next((one for one in choices if one.name in usable), None) or _fallback(usable)
    if explicit is not None and winner is not None and winner.name != explicit:
        raise ToolkitError(
            f"'{explicit}' cannot be used: managed settings choose '{winner.name}' ({winner.source.path})",
            hint=f"leave --env out, or take --env {winner.name}",
        )
    passed_over = choices[: choices.index(winner)] if winner in choices else choices
    known = {one.name for one in environments}
    return Selection(
        name=winner.name if winner else None,
        source=winner.source if winner else None,
        warnings=tuple(_warning(one, winner, archived=one.name in known) for one in passed_over),
    )


def overview(root: Path) -> Overview:
    """Every environment of the root, and the one that a session would get now."""
    from toolkit.workflows.declarations import all_environments

    environments = all_environments(root)
    return Overview(environments=environments, selection=selected(root, environments))


def choose(root: Path, name: str, scope: Layer) -> SelectionChange:
    """Save `name` as the default environment in the layer's file.

    Raises NotFoundError where it does not exist, ToolkitError where it is archived; nothing is saved then.
    """
    from toolkit.workflows.declarations import all_environments

    environments = all_environments(root)
    _usable(environments, name)
    return _saved(root, environments, scope, name)


def unset(root: Path, scope: Layer) -> SelectionChange:
    """Take the layer's choice back."""
    from toolkit.workflows.declarations import all_environments

    return _saved(root, all_environments(root), scope, None)


def _saved(root: Path, environments: tuple[EnvironmentSpec, ...], scope: Layer, name: str | None) -> SelectionChange:
    stated = settings.stated(root)
    before = next((one.value for one in stated if one.pointer == _KEY and one.layer is scope), None)
    path = settings.layer_path(scope, root) if before == name else settings.write(scope, root, {_KEY: name})
    return SelectionChange(
        name=name,
        saved=Source(layer=scope.value, path=settings.shown(path, root)),
        changed=before != name,
        overview=Overview(environments=environments, selection=selected(root, environments)),
    )


def _choices(root: Path, explicit: str | None) -> Iterator[_Choice]:
    """What each layer says, highest first."""
    stated = {one.layer: one for one in settings.stated(root) if one.pointer == _KEY}
    for layer in Layer:
        if layer is Layer.COMMAND_LINE and explicit is not None:
            yield _Choice(name=explicit, source=Source(layer=layer.value))
        elif layer in stated:
            one = stated[layer]
            source = Source(layer=layer.value, path=settings.shown(one.path, root))
            yield _Choice(name=str(one.value), source=source)


def _fallback(usable: Collection[str]) -> _Choice | None:
    if not usable:
        return None
    if len(usable) == 1:
        return _Choice(name=next(iter(usable)), source=Source(layer="only"))
    if _DEFAULT in usable:
        return _Choice(name=_DEFAULT, source=Source(layer="default"))
    return _Choice(name=min(usable), source=Source(layer="first"))


def _warning(passed_over: _Choice, winner: _Choice | None, *, archived: bool) -> str:
    why = "is archived" if archived else "does not exist here"
    choice = f"environment '{passed_over.name}', chosen in {passed_over.source.path}, {why}"
    if winner is None:
        return f"{choice}, and there is no other to take"
    said_by = winner.source.path or _FALLBACKS.get(winner.source.layer, "--env")
    return f"{choice}: '{winner.name}' is taken instead ({said_by})"


def _usable(environments: Sequence[EnvironmentSpec], name: str) -> None:
    found = next((one for one in environments if one.name == name), None)
    if found is None:
        names = [one.name for one in environments if not one.archived]
        raise unknown_environment(name, names)
    if found.archived:
        raise ToolkitError(
            f"environment '{name}' is archived ({found.path})",
            hint=f"toolkit env unarchive {name} brings it back",
            code="archived",
        )
