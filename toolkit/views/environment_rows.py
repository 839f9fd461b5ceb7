"""An environment as one row: of `env list` and of `remote-env`."""

from __future__ import annotations

from toolkit.model.environment import SHOWN_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.model.environment import EnvironmentSpec

COLUMNS = ("", "NAME", "NETWORK", "REVISION", "DESCRIPTION")
_MARK = "*"


def environment_row(spec: EnvironmentSpec, *, selected: str | None) -> dict[str, object]:
    """The row's fields in JSON documents; `selected` is the name of the one that sessions get."""
    return {
        "name": spec.name,
        "description": spec.description,
        "revision": spec.revision[:SHOWN_DIGITS],
        "network": spec.network.access.value,
        "archived": spec.archived,
        "selected": spec.name == selected,
        "path": spec.path,
    }


def environment_cells(spec: EnvironmentSpec, *, selected: str | None) -> list[str]:
    """The row's cells under `COLUMNS`; the selected one is marked."""
    mark = _MARK if spec.name == selected else ""
    description = f"{spec.description} (archived)".strip() if spec.archived else spec.description
    return [mark, spec.name, spec.network.access.value, spec.revision[:SHOWN_DIGITS], description]
