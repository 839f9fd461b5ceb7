"""From the layers' files to one `Settings` value; every problem of every file is reported at once."""

from __future__ import annotations

from pathlib import Path

from toolkit.diagnostics import Diagnostic, has_errors
from toolkit.errors import InvalidError, ToolkitError
from toolkit.memory import Memory, unplaced
from toolkit.record import Record
from toolkit.settings.layers import FILE_LAYERS, Layer, layer_path
from toolkit.settings.setting import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.documents import Document
    from toolkit.settings.values import Settings

_CA_CERTIFICATES = ("site", "ca_certificates")
_HOST = "host"

_Leaf = tuple[tuple[str, ...], str | tuple[str, ...], int, int]
"""Pointer, value as written, line and column."""


def load(root: Path | None) -> Settings:
    """The settings that hold at `root` (without one: managed and user's alone); missing files say nothing.

    Raises InvalidError with every problem of every file, ToolkitError for a file that cannot be read.
    """
    return _together(stated(root))


def stated(root: Path | None) -> tuple[Setting, ...]:
    """Every value of every file, the highest layer first; raises as `load`."""
    found: list[Setting] = []
    problems: list[Diagnostic] = []
    for layer in FILE_LAYERS:
        if layer.in_project and root is None:
            continue
        path = layer_path(layer, root)
        content = read(path)
        if content is None:
            continue
        known = _Known(path=path, content=content, layer=layer)
        leaves = known.leaves()
        if leaves is None:
            document, wrong = check(content, layer, shown(path, root))
            problems += wrong
            if document is None or has_errors(wrong):
                continue
            leaves = list(_leaves_of(document))
            if not wrong:
                known.keep(leaves)
        found += [_setting(one, layer, path) for one in leaves]
    if has_errors(problems):
        raise invalid(problems)
    return tuple(found)


def read(path: Path) -> bytes | None:
    """The file's bytes, None where there is no file."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ToolkitError(
            f"settings cannot be read: {path}: {error.strerror}", hint="mend or remove what is there"
        ) from error


def check(content: bytes, layer: Layer, path: str) -> tuple[Document | None, list[Diagnostic]]:
    """The document, None where it cannot be read at all, and its problems in the order of their places."""
    from toolkit.documents import load as load_document
    from toolkit.schema import check as check_schema
    from toolkit.settings.rules import problems

    loaded = load_document(content, path=path)
    found = list(loaded.diagnostics)
    if loaded.document is not None and loaded.document.data is not None:
        found += check_schema(loaded.document, "settings")
        found += problems(loaded.document, layer)
    return loaded.document, sorted(found, key=lambda one: one.sort_key)


def invalid(problems: Sequence[Diagnostic]) -> InvalidError:
    files = sorted({one.path for one in problems})
    return InvalidError(
        f"settings are invalid: {', '.join(files)}",
        hint="mend the places named above",
        diagnostics=sorted(problems, key=lambda one: one.sort_key),
    )


def shown(path: Path, root: Path | None) -> str:
    """How messages name a settings file: relative to the root where it lies inside."""
    return str(path.relative_to(root)) if root is not None and path.is_relative_to(root) else str(path)


class _Known(Record):
    """What an unchanged file without problems was found to state, kept between commands."""

    path: Path
    content: bytes
    layer: Layer

    def leaves(self) -> list[_Leaf] | None:
        kept = self._memory().recall(self.path.name, content=self.content) or ()
        try:
            return [(tuple(pointer), _frozen(value), line, column) for pointer, value, line, column in kept] or None
        except (TypeError, ValueError):
            return None

    def keep(self, leaves: list[_Leaf]) -> None:
        self._memory().keep({self.path.name: ((self.path.name,), leaves)}, {self.path.name: unplaced(self.content)})

    def _memory(self) -> Memory:
        return Memory.of("settings", self.path.parent, self.layer.value)


def _frozen(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)


def _leaves_of(document: Document) -> Iterator[_Leaf]:
    for pointer, value in _leaves((), document.data):
        yield pointer, value, *document.place(pointer)


def _setting(leaf: _Leaf, layer: Layer, path: Path) -> Setting:
    pointer, value, line, column = leaf
    meant = _resolved(value, path.parent) if pointer == _CA_CERTIFICATES else value
    return Setting(pointer=pointer, value=meant, layer=layer, path=path, line=line, column=column)


def _leaves(pointer: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], str | tuple[str, ...]]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves((*pointer, key), one)
    elif isinstance(value, list):
        yield pointer, tuple(value)
    elif isinstance(value, str):
        yield pointer, value


def _resolved(names: str | tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Certificate files as absolute paths: relative ones start at the settings file's folder."""
    assert isinstance(names, tuple)
    return tuple(name if name == _HOST else str(folder / Path(name).expanduser()) for name in names)


def _together(stated: tuple[Setting, ...]) -> Settings:
    """Scalars override, lists merge, the highest layer's items first."""
    from toolkit.settings.values import EgressSettings, Registries, RemoteSettings, Settings, SiteSettings

    def scalar(*pointer: str) -> str | None:
        values = (one.value for one in stated if one.pointer == pointer)
        return next((value for value in values if isinstance(value, str)), None)

    def merged(*pointer: str) -> tuple[str, ...]:
        lists = (one.value for one in stated if one.pointer == pointer)
        return tuple(dict.fromkeys(item for value in lists if isinstance(value, tuple) for item in value))

    registries = {name: merged("site", "registries", name) for name in Registries.record_fields}
    return Settings(
        remote=RemoteSettings(
            default_environment=scalar("remote", "default_environment"), account=scalar("remote", "account")
        ),
        site=SiteSettings(
            ca_certificates=merged(*_CA_CERTIFICATES),
            registries=Registries(**registries),
            image_registry=scalar("site", "image_registry"),
            subnets=merged("site", "subnets"),
            egress=EgressSettings(network=scalar("site", "egress", "network"), dns=merged("site", "egress", "dns")),
        ),
        stated=stated,
    )
