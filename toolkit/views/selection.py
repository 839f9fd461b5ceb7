"""What `remote-env` shows: the choice, the list, one environment's configuration."""

from __future__ import annotations

from toolkit.model.environment import SHOWN_DIGITS
from toolkit.views.environment_rows import COLUMNS, environment_cells, environment_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.console import Console
    from toolkit.model.environment import AgentSpec, EnvironmentSpec
    from toolkit.model.selection import Overview, SelectionChange, Source

_WHY = {
    "only": "the only environment",
    "default": "the one named default",
    "first": "the first by name",
}
_LAYERS = {"managed": "managed", "local": "project local", "project": "project", "user": "user"}


def show_overview(console: Console, overview: Overview) -> None:
    """The list with the current one marked; a single environment with its configuration."""
    _warn(console, overview)
    if console.as_json:
        console.document(_document(overview))
        return
    if len(overview.offered) == 1:
        for label, text in _configuration(overview.offered[0]):
            console.line(f"{label + ':':13}{text}".rstrip())
    elif overview.offered:
        selected = overview.selection.name
        console.table(COLUMNS, [environment_cells(one, selected=selected) for one in overview.offered])
    else:
        console.note("there is no environment to choose; toolkit env new NAME makes one")
    if overview.selection.source is not None:
        console.note(f"sessions get '{overview.selection.name}' ({_said_by(overview.selection.source)})")


def show_change(console: Console, change: SelectionChange) -> None:
    """What was saved where, and what wins all the same."""
    _warn(console, change.overview)
    selection = change.overview.selection
    if change.name is None and not change.changed:
        console.note(f"nothing was chosen in {change.saved.path}")
    elif change.name is None:
        console.note(f"the choice in {change.saved.path} is taken back")
    else:
        place = f"{_LAYERS[change.saved.layer]} settings, {change.saved.path}"
        console.note(f"'{change.name}' is {'now' if change.changed else 'already'} the default environment ({place})")
    if (over := change.overruled_by) is not None:
        console.warn(
            f"'{selection.name}' still wins here: {over.path} ({_LAYERS[over.layer]} settings) comes before "
            f"{change.saved.path}"
        )
    if change.name is None and selection.source is not None:
        console.note(f"sessions get '{selection.name}' ({_said_by(selection.source)})")
    if console.as_json:
        console.document(_document(change.overview))
    elif selection.name is not None:
        console.line(selection.name)


def choice_title(spec: EnvironmentSpec) -> str:
    """One line of the picker."""
    details = ", ".join(part for part in (f"network {spec.network.access.value}", spec.description) if part)
    return f"{spec.name}  ({details})"


def _document(overview: Overview) -> dict[str, object]:
    selection = overview.selection
    source = selection.source
    return {
        "selected": selection.name,
        "source": None if source is None else {"layer": source.layer, "path": source.path},
        "environments": [environment_row(one, selected=selection.name) for one in overview.environments],
    }


def _warn(console: Console, overview: Overview) -> None:
    for warning in overview.selection.warnings:
        console.warn(warning)


def _said_by(source: Source) -> str:
    return _WHY.get(source.layer) or f"{_LAYERS[source.layer]} settings, {source.path}"


def _configuration(spec: EnvironmentSpec) -> Iterator[tuple[str, str]]:
    """What a person wants to know before starting a session; empty parts are left out."""
    packages = spec.image.packages
    rows = [
        ("environment", spec.name),
        ("description", spec.description),
        ("file", spec.path),
        ("revision", spec.revision[:SHOWN_DIGITS]),
        ("network", spec.network.access.value),
        ("allowed", ", ".join(spec.network.allow)),
        ("denied", ", ".join(spec.network.deny)),
        ("secrets", ", ".join(one.name for one in spec.network.secrets)),
        ("variables", ", ".join(key for key, _ in spec.variables)),
        ("base", spec.image.base),
        ("apt", ", ".join(packages.apt)),
        ("pip", ", ".join(packages.pip)),
        ("npm", ", ".join(packages.npm)),
        ("setup", f"a script of {len(spec.setup.script.splitlines())} lines" if spec.setup.script else ""),
        ("agent", _agent(spec.agent)),
    ]
    yield from ((label, text) for label, text in rows if text)


def _agent(agent: AgentSpec) -> str:
    return " ".join(agent.command) or agent.preset
